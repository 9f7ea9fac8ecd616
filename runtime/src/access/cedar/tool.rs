//! A tool as policies know it: an action with its classes, an entity with its attributes, the members of its arguments.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Context, Entities, Entity, EntityUid, Request, RestrictedExpression as Expression, Schema};

use super::{
    kind::Members,
    names::{ACTION, SERVER, TOOL, uid},
    schema::{self, INPUT, SURFACE, VERSION},
    value,
};
use crate::{access::decision::Asked, catalogue::Entry};

/// See the module. Made once.
#[derive(Debug)]
pub(super) struct ToolSide {
    action: EntityUid,
    resource: EntityUid,
    input: Members,
    /// All that is needed to decide on a call but its caller.
    pub(super) entities: Entities,
}

impl ToolSide {
    pub(super) fn of(entry: &Entry, server: &str, schema: &Schema) -> Result<Self, String> {
        let declaration = &entry.declaration;
        let (action, resource, server) = (uid(ACTION, &entry.name), uid(TOOL, &entry.name), uid(SERVER, server));
        let flag = Expression::new_bool;
        let mut attributes = HashMap::from([
            ("effect".to_owned(), Expression::new_string(declaration.effect.as_str().to_owned())),
            ("open_world".to_owned(), flag(declaration.open_world)),
            ("idempotent".to_owned(), flag(declaration.idempotent)),
        ]);
        if let Some(owner) = declaration.owner {
            attributes.insert("owner".to_owned(), Expression::new_string(owner.to_owned()));
        }
        let tool = Entity::new(resource.clone(), attributes, HashSet::from([server.clone()]));
        let tool = tool.map_err(|error| error.to_string())?;
        let actions = schema.action_entities().map_err(|error| error.to_string())?;
        let classes: HashSet<&EntityUid> = actions.ancestors(&action).into_iter().flatten().collect();
        let ours = actions.iter().filter(|known| known.uid() == action || classes.contains(&known.uid()));
        let entities = ours.cloned().chain([tool, Entity::with_uid(server)]);
        let entities = Entities::from_entities(entities, None).map_err(|error| error.to_string())?;
        Ok(Self { action, resource, input: schema::input(entry), entities })
    }

    /// A call. None where its arguments are not what the schema of the tool promises.
    pub(super) fn request(&self, principal: EntityUid, asked: &Asked<'_>) -> Option<Request> {
        let mut context = vec![
            (INPUT.to_owned(), value::record(&self.input, asked.arguments)?),
            (VERSION.to_owned(), Expression::new_string(asked.version.to_owned())),
        ];
        if let Some(surface) = asked.surface {
            context.push((SURFACE.to_owned(), Expression::new_string(surface.to_owned())));
        }
        self.with(principal, Context::from_pairs(context).ok()?)
    }

    /// Any call.
    pub(super) fn any(&self, principal: EntityUid) -> Option<Request> {
        self.with(principal, Context::empty())
    }

    /// What is asked was typed when it was made, so it is not held to the schema again.
    fn with(&self, principal: EntityUid, context: Context) -> Option<Request> {
        Request::new(principal, self.action.clone(), self.resource.clone(), context, None).ok()
    }
}
