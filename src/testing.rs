//! Checking a scenario in `cargo test`: explore it or simulate it, then assert what it shows; and
//! replay a folder of saved counterexamples.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::catalog::choose_among;
use crate::counterexample::{Counterexample, read, write_whole};
use crate::explain::Story;
use crate::explore::{Limits, explore};
use crate::found::{of_failure, of_found};
use crate::observer::Undisturbed;
use crate::protocol::Saved;
use crate::scenario::Scenario;
use crate::shrink::Effort;
use crate::simulate::{Campaign, simulate};
use crate::trace::Replay;
use crate::verdict::Verdict;

/// What an engine showed of a scenario; ask it with the assertions.
#[derive(Clone, Debug)]
#[must_use = "a check that is not asserted shows nothing"]
pub struct Checked<P: Saved> {
    /// What the engine says.
    pub verdict: Verdict,
    /// The first violation, shrunk, and the scenario it runs in.
    pub counterexample: Option<(Scenario<P>, Counterexample<P>)>,
    system: String,
}

impl<P: Saved> Scenario<P> {
    /// Explores it exhaustively, to the first violation.
    ///
    /// # Panics
    /// When the scenario makes no sense.
    #[track_caller]
    pub fn explore(&self) -> Checked<P> {
        let explored = explore(self, &Limits::default(), &mut Undisturbed)
            .unwrap_or_else(|why| panic!("{}", self.senseless(&why)));
        let found = explored.found.first();
        let counterexample = found.map(|found| of_found(self, &explored, found, &mut Undisturbed));
        Checked { verdict: explored.verdict, counterexample, system: self.headline() }
    }

    /// Simulates that many runs of it on all cores, to the first failure, and shrinks that.
    ///
    /// # Panics
    /// When the scenario makes no sense.
    #[track_caller]
    pub fn simulate(&self, runs: u64, seed: u64) -> Checked<P> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let campaign = Campaign { threads, ..Campaign::new(runs, seed) };
        let simulated = simulate(self, &campaign, &mut Undisturbed)
            .unwrap_or_else(|why| panic!("{}", self.senseless(&why)));
        let effort = Some(Effort { states: 50_000, ..Effort::default() });
        let failure = simulated.failure.as_ref();
        let found = failure.and_then(|failure| of_failure(self, failure, effort, &mut Undisturbed));
        let counterexample = found.map(|found| (found.scenario, found.file));
        Checked { verdict: simulated.verdict, counterexample, system: self.storm_in_words() }
    }

    /// What binds simulated runs. Budgets bound exploration only.
    fn storm_in_words(&self) -> String {
        let bounds = self.in_words();
        let bind = bounds.iter().enumerate();
        let bind = bind.filter(|(place, bound)| *place == 0 || bound.starts_with("assuming"));
        let words = bind.map(|(_, bound)| bound.replace(", each message at most once", ""));
        let words: Vec<String> = words.collect();
        let healed = match &self.storm.progress {
            Some(goal) => format!(", then up to {} for `{}`", self.storm.healed, goal.name),
            None => String::new(),
        };
        let (name, stormy) = (&self.name, self.storm.stormy);
        format!("{name}, simulated: {}; storms of up to {stormy}{healed}", words.join("; "))
    }

    fn headline(&self) -> String {
        format!("{}: {}", self.name, self.in_words().join("; "))
    }

    fn senseless(&self, why: &str) -> String {
        format!("the scenario `{}` makes no sense: {why}", self.name)
    }
}

impl<P: Saved> Checked<P> {
    /// Asserts that every invariant holds in what was covered, and that no goal was missed.
    ///
    /// # Panics
    /// When it does not hold, was not covered whole, or is vacuous. A violation is told with its
    /// invariant, the reason, the steps in words and a diagram, and is left on disk as a
    /// counterexample file.
    #[track_caller]
    pub fn assert_holds(&self) {
        if self.verdict.holds() {
            return;
        }
        match &self.counterexample {
            Some(_) => panic!("{}\n{}", self.system, self.told()),
            None => panic!("{}\n{}", self.system, self.verdict),
        }
    }

    /// Asserts that the invariant of that name breaks.
    ///
    /// # Panics
    /// When it does not, or another one does.
    #[track_caller]
    pub fn assert_violates(&self, invariant: &str) -> &Counterexample<P> {
        match &self.counterexample {
            Some((_, file)) if file.invariant == invariant => file,
            Some(_) => {
                panic!("`{invariant}` should break, another one does\n{}", self.told());
            }
            None => panic!("`{invariant}` should break\n{}\n{}", self.system, self.verdict),
        }
    }

    /// What happens in the counterexample, if there is one: as text, as a picture.
    pub fn story(&self) -> Option<Story> {
        let (scenario, file) = self.counterexample.as_ref()?;
        Some(file.story(scenario))
    }

    /// The violation, told for the reader of a failed test. Leaves its file on disk.
    fn told(&self) -> String {
        let Some((scenario, file)) = &self.counterexample else { return String::new() };
        let Some(story) = self.story() else { return String::new() };
        let mut text = String::new();
        let sentence = scenario.sentence_of(&file.invariant).unwrap_or("");
        let steps = file.length();
        let minimality = file.minimality.in_words();
        let _ = writeln!(text, "`{}` is violated: {}", file.invariant, file.reason);
        let _ = writeln!(text, "  {sentence}");
        let _ = match &file.run {
            None => writeln!(text, "  found by {}, {steps} steps ({minimality})\n", file.found_by),
            Some(run) => writeln!(
                text,
                "  found by {}; told is what its plan was made, with the draws of run {}: {steps} \
                 steps\n",
                file.found_by, run.run
            ),
        };
        for line in story.steps_in_words() {
            let _ = writeln!(text, "{line}");
        }
        let _ = writeln!(text, "\n{}", story.to_text());
        let path = folder_for_found().join(format!("{}-{}.json", file.scenario, file.invariant));
        let _ = match write_whole(&path, &file.to_json()) {
            Ok(()) => writeln!(
                text,
                "saved as {path}\nkeep it:   mkdir -p counterexamples && cp {path} \
                 counterexamples/\nreplay it: \
                 splitbrain::testing::assert_reproduces(\"counterexamples\", &[scenario]), or \
                 `splitbrain replay {path}` for a model in a catalog",
                path = path.display()
            ),
            Err(error) => writeln!(text, "not saved: {error}"),
        };
        text
    }
}

/// Where failing checks leave their counterexamples: `target/splitbrain` of the package's or the
/// workspace's target folder, or what `SPLITBRAIN_FOUND` names.
fn folder_for_found() -> PathBuf {
    if let Some(folder) = std::env::var_os("SPLITBRAIN_FOUND") {
        return PathBuf::from(folder);
    }
    let home = std::env::var_os("CARGO_MANIFEST_DIR").map_or(PathBuf::from("."), PathBuf::from);
    let target = home.ancestors().map(|folder| folder.join("target")).find(|path| path.is_dir());
    target.unwrap_or_else(|| home.join("target")).join("splitbrain")
}

/// Replays every counterexample in a folder, and asserts that each still breaks its invariant as
/// recorded. Each runs in the scenario of its name, with the configuration it was saved with.
///
/// # Panics
/// When one does not break as recorded, belongs to no scenario given, or is no sound file; or when
/// the folder holds none.
#[track_caller]
pub fn assert_reproduces<P: Saved>(folder: impl AsRef<Path>, scenarios: &[Scenario<P>]) {
    for_each_file(folder.as_ref(), scenarios, |place, file, scenario| {
        match file.replay(scenario) {
            Replay::Breaks { steps, violation } if file.is_as_recorded(steps, &violation) => {}
            Replay::Breaks { steps, violation } => panic!(
                "{place}: breaks `{}` behind step {steps}: {}\nrecorded: behind step {}: {}",
                violation.invariant,
                violation.reason,
                file.length(),
                file.reason
            ),
            Replay::RanToEnd if file.run.is_some() => panic!(
                "{place}: its run comes to `{}`: assert it fixed; or its draws come out otherwise \
                 than they did: simulate again",
                file.invariant
            ),
            Replay::RanToEnd => panic!(
                "{place}: `{}` no longer breaks: assert it fixed, or find it again",
                file.invariant
            ),
            Replay::WentAnotherWay(detour) if file.run.is_some() => {
                panic!("{place}: its run ends in another way: {}", detour.why)
            }
            Replay::WentAnotherWay(detour) => panic!(
                "{place}: step {} ({}) cannot happen any more: {}",
                detour.at + 1,
                detour.step,
                detour.why
            ),
        }
    });
}

/// Replays every counterexample in a folder, and asserts that none breaks its invariant any more.
/// Each runs in the scenario of its name, with that scenario's own configuration. Of a run that made
/// no progress its plan is tried with a hundred draws.
///
/// # Panics
/// When one still breaks, belongs to no scenario given, or is no sound file; or when the folder
/// holds none.
#[track_caller]
pub fn assert_fixed<P: Saved>(folder: impl AsRef<Path>, scenarios: &[Scenario<P>]) {
    for_each_file(folder.as_ref(), scenarios, |place, file, scenario| {
        let own = scenarios.iter().find(|own| own.name == scenario.name).unwrap_or(scenario);
        // The file's cluster and links, and the protocol as it is now.
        let fixed = &Scenario { protocol: own.protocol.clone(), ..scenario.clone() };
        match file.replay(fixed) {
            Replay::Breaks { steps, violation } => {
                let (invariant, reason) = (violation.invariant, violation.reason);
                panic!("{place}: still breaks `{invariant}` behind step {steps}: {reason}");
            }
            // Steps may go another way; a run that does has not come to what it must.
            Replay::WentAnotherWay(detour) if file.run.is_some() => {
                panic!("{place}: does not come to `{}`: {}", file.invariant, detour.why)
            }
            Replay::RanToEnd | Replay::WentAnotherWay(_) => {}
        }
        // What else was changed may have moved its draws, and with them what it hung on.
        let failing = file.run.as_ref().and_then(|run| run.still_failing(fixed, &file.invariant));
        if let Some((run, violation)) = failing {
            let (goal, number, reason) = (&file.invariant, run.run, violation.reason);
            panic!(
                "{place}: its plan still fails `{goal}` with the draws of run {number}: {reason}"
            );
        }
    });
}

#[track_caller]
fn for_each_file<P: Saved>(
    folder: &Path,
    scenarios: &[Scenario<P>],
    check: impl Fn(&str, &Counterexample<P>, &Scenario<P>),
) {
    let entries = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot read the folder {}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no counterexamples (*.json) in {}", folder.display());
    for path in paths {
        let place = path.display().to_string();
        let file = read(&path)
            .and_then(|text| Counterexample::<P>::parse(&text, &place))
            .unwrap_or_else(|error| panic!("{error}"));
        let scenario = scenarios.iter().find(|scenario| scenario.name == file.scenario);
        let scenario = scenario.unwrap_or_else(|| {
            let names: Vec<&str> = scenarios.iter().map(|one| one.name.as_str()).collect();
            panic!("{place}: no scenario `{}` among: {}", file.scenario, names.join(", "))
        });
        let known = scenario.sentence_of(&file.invariant).is_some();
        assert!(
            known,
            "{place}: `{}` has no invariant `{}`; {}",
            file.scenario,
            file.invariant,
            choose_among(&scenario.promises(), &file.invariant)
        );
        let scenario = file.restore(scenario.clone());
        file.can_be_in(&scenario, &place).unwrap_or_else(|error| panic!("{error}"));
        check(&place, &file, &scenario);
    }
}
