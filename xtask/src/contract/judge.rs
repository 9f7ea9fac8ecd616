//! Everything that a check looks at, as values: what the tests of commands need no server for.

use steadfast_contract::{
    Change, Date, Finding, Impact, LockSet, Part, Policy, Published, Rule, Waivers, bless, check, previews,
};

use super::{
    baseline::Baseline,
    files::{Files, WAIVERS},
    place::Places,
    report::{Item, Report},
};

/// What is judged, and by what.
#[derive(Debug)]
pub(super) struct Judgement {
    pub(super) published: Published,
    /// What the server's program found out about its shims.
    pub(super) proofs: Vec<Finding>,
    pub(super) files: Files,
    pub(super) baseline: Baseline,
    pub(super) today: Date,
    pub(super) floor_months: u32,
}

impl Judgement {
    /// Every finding, with waivers applied.
    pub(super) fn check(&self) -> Report {
        let (policy, unreadable) = self.policy();
        let lock = LockSet::read(&self.files.lock);
        let baseline = self.baseline.lock();
        let mut findings = check(&self.published, &lock, baseline.as_ref(), &policy);
        findings.extend(self.proofs.iter().cloned());
        let applied = policy.waivers.apply(findings, self.today);
        self.report(unreadable.into_iter().chain(applied.findings).collect(), applied.waived, &lock)
    }

    /// What to write, or why nothing is written.
    pub(super) fn bless(&self) -> Result<Vec<Change>, Report> {
        let (policy, unreadable) = self.policy();
        let lock = LockSet::read(&self.files.lock);
        if let Some(finding) = unreadable {
            return Err(self.report(vec![finding], Vec::new(), &lock));
        }
        bless(&self.published, &lock, self.baseline.lock().as_ref(), &policy)
            .map_err(|findings| self.report(findings, Vec::new(), &lock))
    }

    fn policy(&self) -> (Policy, Option<Finding>) {
        let policy = Policy { floor_months: self.floor_months, ..Policy::on(self.today) };
        match self.files.waivers.as_deref().map(toml::from_str::<Waivers>) {
            None => (policy, None),
            Some(Ok(waivers)) => (Policy { waivers, ..policy }, None),
            Some(Err(error)) => {
                let text = self.files.waivers.as_deref().unwrap_or_default();
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                (policy, Some(unreadable(line, error.message())))
            }
        }
    }

    fn report(&self, findings: Vec<Finding>, waived: Vec<Finding>, lock: &LockSet) -> Report {
        let places = Places { published: &self.published, lock, files: &self.files };
        let place = |finding: Finding| -> Item { places.of(finding) };
        let mut notes: Vec<String> = self.baseline.note().into_iter().collect();
        for tool in previews(&self.published, lock) {
            notes.push(format!("{} {} is a preview: it is not checked, nothing is promised", tool.name, tool.version));
        }
        Report {
            items: findings.into_iter().map(place).collect(),
            waived: waived.into_iter().map(place).collect(),
            tools: self.published.tools.iter().map(|tool| tool.name.clone()).collect(),
            notes,
            prefix: self.baseline.prefix.clone(),
        }
    }
}

fn unreadable(line: usize, why: &str) -> Finding {
    Finding {
        rule: Rule::LockUnreadable,
        tool: None,
        part: Part::Lock,
        pointer: format!("{WAIVERS}:{line}"),
        old: None,
        new: None,
        impact: Impact::Error,
        shifts_model: false,
        why: why.to_owned(),
        witness: None,
        fix: Some("each waiver is `[[waiver]]` with `rule`, `fingerprint`, `reason` and `expires`".into()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{
        super::report::tests::{judgement, plain, server},
        *,
    };

    fn rules(report: &Report) -> Vec<&'static str> {
        report.items.iter().map(|item| item.finding.rule.id()).collect()
    }

    #[test]
    fn what_holds_passes_and_is_not_written_again() {
        let (published, files) = server("1.0.0", &["1.0.0"]);
        let judgement = judgement(published, files);
        let report = judgement.check();
        assert!(!report.gates(), "{}", plain(&report));
        assert_eq!(judgement.bless().unwrap(), []);
    }

    #[test]
    fn what_is_blessed_passes_afterwards() {
        let (published, files) = server("1.0.0", &[]);
        let mut judgement = judgement(published, files);
        assert!(judgement.check().gates());
        for change in judgement.bless().unwrap() {
            judgement.files.lock.insert(change.path, change.text);
        }
        assert!(!judgement.check().gates(), "{}", plain(&judgement.check()));
    }

    #[test]
    fn the_baseline_counts_and_not_what_the_work_tree_says_was_released() {
        let (mut published, mut files) = server("1.0.0", &["1.0.0"]);
        let baseline: BTreeMap<_, _> = files.lock.clone();
        published.tools[0].definition["inputSchema"]["required"] = json!(["query", "lang"]);
        let mut laundered = judgement(published, Files::default());
        for change in laundered.bless().unwrap() {
            files.lock.insert(change.path, change.text);
        }
        laundered.files = files;
        assert!(!laundered.check().gates());
        laundered.baseline = Baseline::of(baseline);
        let report = laundered.check();
        assert!(rules(&report).contains(&"blessed-changed"), "{}", plain(&report));
        assert!(laundered.bless().is_err());
    }

    #[test]
    fn previews_and_the_baseline_are_said() {
        let (published, files) = server("0.4.0", &[]);
        let mut judgement = judgement(published, files);
        judgement.baseline = Baseline::of(judgement.files.lock.clone());
        let report = judgement.check();
        let notes = ["the baseline is a test's", "search 0.4.0 is a preview: it is not checked, nothing is promised"];
        assert_eq!(report.notes, notes);
        assert!(!report.gates(), "{}", plain(&report));
    }

    #[test]
    fn waivers_that_cannot_be_read_stop_everything_at_their_line() {
        let (published, mut files) = server("1.0.0", &["1.0.0"]);
        for (text, line) in [("[[waiver]]\nrule = \"no-such-rule\"\n", 2), ("\n\nx = 1\n", 3), ("[[waiver]\n", 1)] {
            files.waivers = Some(text.into());
            let judgement = judgement(published.clone(), files.clone());
            let report = judgement.check();
            assert_eq!(rules(&report), ["lock-unreadable"]);
            assert_eq!((report.items[0].file.as_str(), report.items[0].line), (WAIVERS, Some(line)), "{text}");
            assert!(judgement.bless().is_err());
        }
    }
}
