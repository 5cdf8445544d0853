//! Saved counterexamples: what becomes of one when it is replayed, and what is refused.

use std::path::Path;

use super::puppet::{AGAIN, Order, Puppet};
use splitbrain::counterexample::{Counterexample, FileError, FoundBy, write_whole};
use splitbrain::report::{ReplayOutcome, ReplayReport};
use splitbrain::shrink::Minimality;
use splitbrain::{
    Act, ClientId, Faults, Invariant, Links, NodeId, Replay, Scenario, Step, To, broken, replay,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

/// One puppet sends three numbers to another, which should never hear two of them.
fn scenario() -> Scenario<Puppet> {
    let orders = [1, 2, 3].map(|number| (To::Node(A), Order::Send(B, number)));
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    Scenario::new("puppets", Puppet, 2)
        .lane(orders)
        .lane([(To::Node(A), Order::Set(AGAIN)), (To::Node(A), Order::Choose(2))])
        .faults(faults)
        .invariant(Invariant::node("deaf", "None hears two numbers.", |_, me, node| {
            let heard = node.state.notes.len();
            if heard < 2 { Ok(()) } else { broken(format!("{me} noted {heard} things")) }
        }))
}

fn ask(client: u8, input: Order) -> Step<Puppet> {
    Step::new(A, Act::Input { client: ClientId(client), input })
}

fn deliver(message: u8) -> Step<Puppet> {
    Step::new(B, Act::Deliver { from: A, message })
}

/// Two numbers sent and heard, with a doubled, a lost and a needless one.
fn trace() -> Vec<Step<Puppet>> {
    vec![
        ask(0, Order::Send(B, 1)),
        ask(0, Order::Send(B, 2)),
        Step::new(B, Act::Duplicate { from: A, message: 2 }),
        Step::new(B, Act::Drop { from: A, message: 2 }),
        deliver(2),
        deliver(1),
    ]
}

fn file(scenario: &Scenario<Puppet>, steps: Vec<Step<Puppet>>) -> Counterexample<Puppet> {
    let Replay::Breaks { violation, .. } = replay(scenario, &steps, Some("deaf")) else {
        panic!("the trace breaks `deaf`")
    };
    Counterexample::new(scenario, steps, violation, FoundBy::Hand, Minimality::AsFound)
}

#[test]
fn a_file_survives_being_written_and_read() {
    let file = file(&scenario(), trace());
    let text = file.to_json();
    let read = Counterexample::<Puppet>::parse(&text, "f").expect("what was written is sound");
    assert_eq!((&read, read.to_json()), (&file, text));
}

#[test]
fn a_replay_breaks_as_recorded_or_says_where_it_breaks_instead() {
    let (here, good) = (scenario(), file(&scenario(), trace()));
    let reason = || "n1 noted 2 things".to_string();
    let mut longer = good.clone();
    longer.steps.push(ask(0, Order::Send(B, 3)));
    let mut reworded = good.clone();
    reworded.reason = "n1 noted 3 things".to_string();
    for (file, as_recorded) in [(good, true), (longer, false), (reworded, false)] {
        let outcome = ReplayReport::of(&file, &here).outcome;
        assert_eq!(outcome, ReplayOutcome::Breaks { after: 6, reason: reason(), as_recorded });
    }
}

#[test]
fn a_replay_that_breaks_nothing_ran_to_its_end() {
    let mut file = file(&scenario(), trace());
    file.steps.pop();
    assert_eq!(file.replay(&scenario()), Replay::RanToEnd);
    let mut other = file.clone();
    other.steps = trace();
    other.invariant = "another".to_string();
    assert_eq!(other.replay(&scenario()), Replay::RanToEnd, "only the invariant named counts");
}

#[test]
fn a_replay_that_goes_another_way_says_where_why_and_what_was_enabled() {
    let set = || ask(1, Order::Set(AGAIN));
    let choose = |choices: &[u32]| Step { choices: choices.to_vec(), ..ask(1, Order::Choose(2)) };
    let beyond = Step::new(NodeId(5), Act::Crash);
    for (steps, at, why) in [
        (vec![deliver(1)], 1, "1 from n0 is not in n1's mailbox, ready to arrive"),
        (vec![set(), Step::new(B, Act::Timeout(AGAIN))], 2, "100 is not set at n1"),
        (vec![Step::new(A, Act::Restart)], 1, "n0 is up"),
        (vec![Step::new(A, Act::Wiped)], 1, "n0 is up"),
        (vec![Step::new(A, Act::Crash), Step::new(A, Act::Crash)], 2, "n0 is down"),
        (vec![Step::new(A, Act::Crash), set()], 2, "n0 is down"),
        (vec![Step::new(A, Act::Tick)], 1, "n0 has no clock"),
        (vec![beyond], 1, "the cluster has no n5: it ends at n1"),
        (vec![choose(&[])], 1, "its handler chooses [0], the step says []"),
        (vec![choose(&[2])], 1, "its handler chooses [1], the step says [2]"),
        (vec![set(), choose(&[1, 0])], 2, "its handler chooses [1], the step says [1, 0]"),
    ] {
        let mut file = file(&scenario(), trace());
        file.steps = steps;
        let ReplayOutcome::WentAnotherWay { at: found, why: because, enabled, step } =
            ReplayReport::of(&file, &scenario()).outcome
        else {
            panic!("{:?} goes another way", file.steps)
        };
        assert_eq!((found, &because[..]), (at, why), "{step}");
        let asks = enabled.iter().any(|one| one == "n0: input Send(n1, 1) of c0");
        assert_eq!(asks, why != "n0 is down", "{step}: {enabled:?}");
    }
}

#[test]
fn a_step_that_can_never_be_is_refused_with_its_place() {
    let text = file(&scenario(), trace()).to_json();
    for (old, new, step, why) in [
        (r#"{"node":"n1","act":{"duplicate""#, r#"{"node":"n7","act":{"duplicate""#, 3, "no n7"),
        (r#"{"drop":{"from":"n0""#, r#"{"drop":{"from":"n2""#, 4, "no n2: it has 2 nodes"),
        (r#"{"deliver":{"from":"n0""#, r#"{"deliver":{"from":"n3""#, 5, "no n3"),
        (r#""links": "unordered""#, r#""links": "set""#, 3, "on set links nothing is dropped"),
    ] {
        let edited = text.replacen(old, new, 1);
        assert_ne!(edited, text, "{old} is in the file");
        let error = Counterexample::<Puppet>::parse(&edited, "the file").expect_err(new);
        let FileError::ImpossibleStep { place, step: found, why: because, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((&place[..], *found), ("the file", step), "{error}");
        assert!(because.contains(why), "{error}");
    }
}

#[test]
fn a_file_that_is_no_counterexample_is_refused_and_nothing_panics() {
    let text = file(&scenario(), trace()).to_json();
    for (old, new, expected) in [
        (r#""nodes": 2"#, r#""nodes": 0"#, "a cluster has 1 to 255 nodes, not 0"),
        (r#""nodes": 2"#, r#""nodes": 300"#, "a cluster has 1 to 255 nodes, not 300"),
        (r#""nodes": 2"#, r#""nodes": -1"#, "-1"),
        (r#""version": 1"#, r#""version": 2"#, "version"),
        ("splitbrain-counterexample", "another-format", "another-format"),
        (r#""links": "unordered""#, r#""links": "wires""#, "wires"),
        (r#""drop""#, r#""dorp""#, "dorp"),
        (r#"  "reason""#, r#"  "raeson""#, "raeson"),
    ] {
        let edited = text.replacen(old, new, 1);
        assert_ne!(edited, text, "{old} is in the file");
        let error = Counterexample::<Puppet>::parse(&edited, "the file").expect_err(new);
        let said = error.to_string();
        assert!(said.starts_with("the file") && said.contains(expected), "{said}");
    }
    for end in (0..text.len() - 2).step_by(7) {
        let error = Counterexample::<Puppet>::parse(&text[..end], "f").map(|_| ());
        assert!(error.is_err(), "cut off behind {end} bytes");
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> =
        entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_saved_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, read) = (file(&scenario(), trace()), |path: &Path| std::fs::read_to_string(path));
    let path = folder.path().join("new").join("one.json");
    file.save(&path).expect("missing folders are made");
    assert_eq!(read(&path).expect("it is there"), file.to_json());
    write_whole(&path, "another").expect("it is replaced");
    assert_eq!(read(&path).expect("it is there"), "another");
    assert_eq!(names(&folder.path().join("new")), ["one.json"], "nothing else is left behind");
    // A file where a folder should be, and a folder where the file should be.
    let below = path.join("two.json");
    let taken = folder.path().join("new");
    for refused in [below.as_path(), taken.as_path()] {
        let error = file.save(refused).expect_err("it cannot be written");
        assert!(matches!(error, FileError::Unwritable { .. }), "{error}");
        assert!(error.to_string().ends_with("nothing was written"), "{error}");
    }
    assert_eq!(read(&path).expect("it is there"), "another", "what was there is as it was");
    assert_eq!(
        (names(folder.path()), names(&taken)),
        (vec!["new".into()], vec!["one.json".into()])
    );
}

#[test]
fn a_file_restores_the_links_and_the_cluster_it_was_saved_with() {
    let fifo = Scenario { nodes: 3, ..scenario().links(Links::Fifo) };
    let steps = vec![ask(0, Order::Send(B, 1)), ask(0, Order::Send(B, 2)), deliver(1), deliver(2)];
    let restored = file(&fifo, steps).restore(scenario());
    assert_eq!((restored.nodes, restored.links), (3, Links::Fifo));
}
