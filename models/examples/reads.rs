//! Reads in Raft: the same read through the log, by ReadIndex and by lease, what each of them takes,
//! and what goes wrong with none.

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, explore};
use splitbrain::{Act, ClientId, NodeId, Step, Undisturbed};
use splitbrain_models::parts::machine::{Add, Request, Serial, Total};
use splitbrain_models::raft::{
    Entry, Index, Input, Message, Payload, Raft, RaftExtensionsModel, Round, Term,
};

type Counter = Raft<Total>;

const N0: NodeId = NodeId(0);
const TERM: Term = Term(1);
const READER: ClientId = ClientId(1);

fn main() {
    println!("A counter on three servers. n0 leads; the first entry of its term is committed.");
    println!("A client reads at n0. What does it take until it is answered?\n");

    let entry = Entry { term: TERM, payload: Payload::Command(read()) };
    // n2 has not heard of the first entry yet, and gets both.
    let first = Entry { term: TERM, payload: Payload::Noop };
    let append = |prev_index, prev_term, entries: &[Entry<Add>]| Message::Append {
        term: TERM,
        prev_index,
        prev_term,
        entries: entries.iter().cloned().collect(),
        commit: Index(1),
    };
    let to_n1 = append(Index(1), TERM, std::slice::from_ref(&entry));
    let to_n2 = append(Index(0), Term(0), &[first, entry]);
    show(
        "Through the log",
        "The read is an entry like any other: a majority writes it to disk, then it is answered.",
        ("read-index", 0),
        [
            vec![ask(Input::Command(read()))],
            round_trips([to_n1, to_n2], Message::Appended { term: TERM, matched: Index(2) }),
        ]
        .concat(),
    );

    let round = Round(1);
    show(
        "By ReadIndex",
        "Nobody writes anything: n0 asks a majority whether it leads still. As many messages, but \
         one round serves all reads that came in before it.",
        ("read-index", 1),
        [
            vec![ask(Input::Read(read()))],
            round_trips(
                [Message::Confirm { term: TERM, round }, Message::Confirm { term: TERM, round }],
                Message::Confirmed { term: TERM, round },
            ),
        ]
        .concat(),
    );

    let again = Request { client: ClientId(2), ..read() };
    show(
        "By lease",
        "A round a moment ago will do: who answered it elects nobody until its clock reads 2, and \
         clocks are at most one tick apart. Until its own clock reads 1, n0 asks nobody.",
        ("lease", 2),
        vec![Step::new(N0, Act::Input { client: ClientId(2), input: Input::Read(again) })],
    );

    let scenario = scenario("read-index", Some("read-no-quorum"), &[]);
    let found = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("it makes sense");
    let story = tell(&scenario, &found.found[0].trace, Some(&found.found[0].invariant));
    println!("== With none of them\n");
    println!(
        "n0 answers from its own state at once, for it leads. But n2 has elected n1 (steps 6 to 9), \
         and n0 has not heard of it. A client adds 1 at n1 and is told so (10 to 12). Then another \
         one is told by n0 that the counter is 0 (13): time has gone backwards. There is no shorter \
         way. The round of ReadIndex would have ended it: n2 no longer follows n0.\n"
    );
    println!("{}", story.to_text());
}

/// Tells one way to read: what it takes, and its steps.
fn show(title: &str, what: &str, (name, by): (&str, u64), steps: Vec<Step<Counter>>) {
    let scenario = scenario(name, None, &[("by", by)]);
    let (_, prefix) = scenario.prefix.clone().expect("n0 leads already");
    let before = prefix.len();
    let story: Story = tell(&scenario, &[prefix, steps].concat(), None);
    let sent: usize = story.steps[before..].iter().map(|step| step.sends.len()).sum();
    println!("== {title}: {sent} messages\n\n{what}\n");
    story.steps_in_words().iter().skip(before).for_each(|line| println!("{line}"));
    println!();
}

fn scenario(name: &str, bug: Option<&str>, given: &[(&str, u64)]) -> splitbrain::Scenario<Counter> {
    let given: BTreeMap<String, u64> =
        given.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&RaftExtensionsModel, name, bug, &given).expect("a scenario of the catalog")
}

/// To add nothing is to read.
fn read() -> Request<Add> {
    Request { client: READER, serial: Serial(0), command: Add { add: 0 } }
}

fn ask(input: Input<Add>) -> Step<Counter> {
    Step::new(N0, Act::Input { client: READER, input })
}

/// n0's messages to both followers, and their answers, which are alike.
fn round_trips(calls: [Message<Total>; 2], answer: Message<Total>) -> Vec<Step<Counter>> {
    let deliver = |to, from, message| Step::new(to, Act::Deliver { from, message });
    let followers = [NodeId(1), NodeId(2)].into_iter().zip(calls);
    let trips =
        followers.map(|(node, call)| [deliver(node, N0, call), deliver(N0, node, answer.clone())]);
    trips.flatten().collect()
}
