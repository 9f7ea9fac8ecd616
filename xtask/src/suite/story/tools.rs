//! Edits of what is promised beside the schemas: names, words, effects, scopes, times, versions, dates.

use steadfast_contract::{Impact::*, Rule::*};

use super::edits::Edit;

pub(super) const EDITS: &[Edit] = &[
    Edit {
        name: "say_what_it_does_in_other_words",
        replace: &[("/// List tasks.", "/// Find tasks that are open.")],
        finds: &[(DescriptionChanged, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "describe_an_argument_in_other_words",
        replace: &[("/// Free text to look for.", "/// A regular expression.")],
        finds: &[(DescriptionChanged, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "describe_a_result_in_other_words",
        replace: &[("/// How many there are.", "/// How many there are on this page.")],
        finds: &[(DescriptionChanged, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "give_it_a_title_without_a_bump",
        replace: &[("    version = \"1.2.0\",", "    version = \"1.2.0\",\n    title = \"Tasks\",")],
        finds: &[(TitleChanged, Patch), (BumpTooSmall, Error)],
        fix: "version = \"1.2.1\"",
    },
    Edit {
        name: "do_more_to_the_world",
        replace: &[("effect = additive", "effect = destructive")],
        finds: &[(EffectMoreDangerous, Major)],
        fix: "make it another tool",
    },
    Edit {
        name: "do_it_again_at_each_call",
        replace: &[("    idempotent,\n", "")],
        finds: &[(IdempotentLost, Major)],
        fix: "keep the promise",
    },
    Edit {
        name: "reach_out",
        replace: &[("    idempotent,\n", "    idempotent,\n    open_world,\n")],
        finds: &[(OpenWorldGained, Major)],
        fix: "keep the promise",
    },
    Edit {
        name: "ask_for_a_further_scope",
        replace: &[("[\"tasks:read\"]", "[\"tasks:read\", \"tasks:all\"]")],
        finds: &[(ScopeAdded, Major)],
        fix: "do without the scope `tasks:all`",
    },
    Edit {
        name: "ask_for_another_scope",
        replace: &[("[\"tasks:read\"]", "[\"tasks:all\"]")],
        finds: &[(ScopeAdded, Major), (ScopeRemoved, Minor)],
        fix: "do without the scope `tasks:all`",
    },
    Edit {
        name: "take_less_time",
        replace: &[("timeout = \"5s\"", "timeout = \"1s\"")],
        finds: &[(TimeoutReduced, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "answer_to_another_name",
        replace: &[("    version = \"1.2.0\",", "    version = \"1.2.0\",\n    name = \"list_tasks\",")],
        finds: &[(ToolRenamed, Major)],
        fix: "alias = \"answer_to_another_name\"",
    },
    Edit {
        name: "go_back_to_an_older_version",
        replace: &[("version = \"1.2.0\"", "version = \"1.1.0\"")],
        finds: &[(VersionDecreased, Error)],
        fix: "version = \"1.2.0\"",
    },
    Edit {
        name: "go_back_to_a_preview",
        replace: &[("version = \"1.2.0\"", "version = \"0.9.0\"")],
        finds: &[(VersionDecreased, Error)],
        fix: "version = \"1.2.0\"",
    },
    Edit {
        name: "raise_the_major_and_forget_the_older_one",
        replace: &[("version = \"1.2.0\"", "version = \"2.0.0\"")],
        finds: &[(ToolRemoved, Major)],
        fix: "history(\"1\" => ..)",
    },
    Edit {
        name: "raise_the_minor_for_a_break",
        replace: &[("version = \"1.2.0\"", "version = \"1.3.0\""), ("    query: String,", "    text: String,")],
        finds: &[(PropRenamed, Major), (BumpTooSmall, Error)],
        fix: "version = \"2.0.0\"",
    },
    Edit {
        name: "raise_the_patch_for_an_addition",
        replace: &[
            ("version = \"1.2.0\"", "version = \"1.2.1\""),
            ("    /// Which tasks.\n", "    /// Whose tasks.\n    owner: Option<String>,\n    /// Which tasks.\n"),
        ],
        finds: &[(PropAddedToClosed, Minor), (BumpTooSmall, Error)],
        fix: "version = \"1.3.0\"",
    },
    Edit {
        name: "keep_the_older_major_with_a_shim_that_does_nothing",
        replace: &[
            ("version = \"1.2.0\"", "version = \"2.0.0\",\n    history(\"1\" => { input = [] })"),
            ("    query: String,", "    text: String,"),
        ],
        finds: &[(ShimUpInvalid, Error)],
        fix: "rename(query => ..)",
    },
    Edit {
        name: "keep_the_older_major_and_not_its_results",
        replace: &[
            ("version = \"1.2.0\"", "version = \"2.0.0\",\n    history(\"1\" => { input = [] })"),
            ("    pub total: u32,", "    pub count: u32,"),
        ],
        finds: &[(ShimDownInvalid, Error)],
        fix: "rename(total => ..)",
    },
    Edit {
        name: "keep_the_older_major_and_do_more_to_the_world",
        replace: &[
            ("version = \"1.2.0\"", "version = \"2.0.0\",\n    history(\"1\" => { input = [] })"),
            ("effect = additive", "effect = destructive"),
        ],
        finds: &[(EffectMoreDangerous, Major)],
        fix: "make another tool of it",
    },
    Edit {
        name: "mean_something_else_by_the_same_arguments",
        replace: &[
            ("version = \"1.2.0\"", "version = \"2.0.0\",\n    history(\"1\" => { input = [default(limit = 20)] })"),
            ("default = 20", "default = 50"),
        ],
        finds: &[(DispatchAmbiguous, Error)],
        fix: "shape = false",
    },
    Edit {
        name: "end_without_a_warning",
        replace: &[("    version = \"1.2.0\",", "    version = \"1.2.0\",\n    sunset = \"2032-01-01\",")],
        finds: &[(SunsetTooSoon, Error)],
        fix: "deprecated = \"2030-06-15\"",
    },
    Edit {
        name: "end_too_soon",
        replace: &[(
            "    version = \"1.2.0\",",
            "    version = \"1.3.0\",\n    deprecated = \"2030-06-15\",\n    sunset = \"2030-12-31\",",
        )],
        finds: &[(DeprecatedMarked, Minor), (SunsetTooSoon, Error)],
        fix: "sunset = \"2031-06-15\"",
    },
    Edit {
        name: "end_a_year_after_a_day_that_nobody_saw",
        replace: &[(
            "    version = \"1.2.0\",",
            "    version = \"1.3.0\",\n    deprecated = \"2029-01-01\",\n    sunset = \"2030-12-31\",",
        )],
        finds: &[(DeprecatedMarked, Minor), (SunsetTooSoon, Error)],
        fix: "sunset = \"2031-05-15\"",
    },
];
