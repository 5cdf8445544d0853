//! Changes of members explored and stormed: what each scenario covers, and what each bug breaks.

use super::common::{self, Settings, only};
use splitbrain::explore::Limits;
use splitbrain::{ClientId, Clocks, Firing, Goal, Links, NodeId, Scenario, Sight, To, Units};
use splitbrain_models::parts::machine::{Add, Request, Serial, Total};
use splitbrain_models::raft::{
    Change, Event, Input, Options, Raft, RaftMembershipModel, Reads, Timer, linearizability,
    snapshot_matching,
};

type Counter = Raft<Total>;

fn scenario(name: &str, bug: Option<&str>, settings: Settings<'_>) -> Scenario<Counter> {
    common::scenario(&RaftMembershipModel, name, bug, settings)
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("add", (222, 2_129, 15), (222, 1_910, 15)),
        ("remove", (31_198, 531_404, 23), (2_396, 27_954, 18)),
        ("one-by-one", (63_984, 1_199_162, 25), (3_818, 49_154, 20)),
        ("removed-server", (71_622, 1_363_656, 25), (3_816, 48_749, 20)),
        ("loyal", (230_800, 4_731_830, 28), (9_760, 134_216, 24)),
        ("leader-removed", (48_167, 819_188, 23), (6_233, 80_843, 21)),
        ("learner", (3_020, 54_800, 26), (784, 10_050, 23)),
        ("joint", (434, 4_704, 18), (281, 2_444, 17)),
        ("joint-takeover", (2_996, 44_202, 25), (986, 9_680, 22)),
        ("handover", (21_578, 420_726, 31), (7_722, 105_945, 27)),
        ("needed-again", (3_373, 32_590, 22), (747, 3_931, 19)),
        ("crash", (16_631, 238_439, 24), (4_726, 47_540, 21)),
    ];
    common::small_scenarios_hold(&RaftMembershipModel, &table, &Limits::default());
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("single-server-no-barrier", 18),
        ("joint-union-majority", 11),
        ("config-not-rolled-back", 25),
        ("config-on-commit-only", 14),
        ("multi-server-change", 13),
        ("nonvoting-leader-self-count", 6),
    ];
    common::bugs_show(&RaftMembershipModel, &table, |bug| only(bug.invariant, 1_000_000));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&RaftMembershipModel, 50_000, |_| false);
}

#[test]
fn many_servers_changed_at_once_are_members_that_can_decide_apart() {
    let bug = Some("multi-server-change");
    let limits = only("adjacent-configurations", 1_000_000);
    let report = common::explored(&scenario("joint-takeover", bug, &[]), &limits);
    let found: Vec<_> =
        report.found.iter().map(|found| (&found.invariant[..], found.trace.len())).collect();
    assert_eq!(found, [("adjacent-configurations", 4)]);
}

#[test]
fn members_in_force_only_once_committed_are_safe_until_a_server_restarts() {
    // Two servers are removed, one after the other.
    let bug = Some("config-on-commit-only");
    let removal = scenario("one-by-one", bug, &[]);
    let report = common::explored(&removal, &Limits::default());
    assert!(report.marks.contains_key("config-on-commit-only"), "the faulty line ran");
    assert!(report.verdict.holds(), "{}", report.verdict);
    assert_eq!(report.states, 18_268);
}

#[test]
fn a_leader_without_an_entry_of_its_own_term_changes_nothing() {
    let settings = [("noop", 0), ("commands", 0)];
    let report = common::explored(&scenario("remove", None, &settings), &Limits::default());
    assert!(report.verdict.to_string().starts_with("vacuous"), "{}", report.verdict);
}

#[test]
fn storms_name_the_servers_there_are() {
    common::are_refused(
        &RaftMembershipModel,
        &[
            ("storm", &[("nodes", 3)], "set `nodes` so"),
            ("add", &[("members", 4)], "4 of 3 servers"),
        ],
    );
}

#[test]
fn storms_of_changes_make_progress() {
    for (name, given) in [
        ("storm", &[][..]),
        ("storm-joint", &[]),
        // Where bugs are looked for.
        ("storm", &[("nodes", 4), ("noop", 0), ("loyal", 0)]),
        ("storm-joint", &[("noop", 0)]),
    ] {
        let report = common::stormed(&scenario(name, None, given), None, 30);
        assert!(report.verdict.holds(), "{name}, {given:?}: {}", report.verdict);
    }
}

#[test]
fn servers_that_were_removed_keep_others_from_progress_unless_these_are_loyal() {
    let storm = scenario("storm", None, &[("loyal", 0)]);
    let report = common::stormed(&storm, None, 200);
    let failure = report.failure.expect("a run that stalls");
    assert_eq!(failure.violation.invariant, "entry-committed", "{}", failure.violation.reason);
}

fn request<C>(client: u8, serial: u32, command: C) -> Request<C> {
    Request { client: ClientId(client), serial: Serial(serial), command }
}

/// n0 is alone, leads and has a lease by nobody's word but its own. It takes in two servers, who
/// may elect n1, where a client adds 1; another one reads at n0, twice.
fn leased_alone() -> Scenario<Counter> {
    let (n0, n1) = (NodeId(0), NodeId(1));
    let reads = Reads::Lease { lease: 2, skew: 1 };
    let options = Options { members: Some(1), noop: true, reads, ..Options::default() };
    let protocol = Raft { options, ..Raft::new(Total(0)) };
    let read = |serial| (To::Node(n0), Input::Read(request(0, serial, Add { add: 0 })));
    let take_in = |serial, node| {
        (To::Node(n0), Input::Change(request(1, serial, Change::Voter(NodeId(node)))))
    };
    let add = (To::Node(n1), Input::Command(request(2, 0, Add { add: 1 })));
    Scenario::new("leased-alone", protocol, 3)
        .timer("elections", |timer| *timer == Timer::Election, Firing::Turns(vec![n0, n1]))
        .timer("heartbeats", |timer| *timer == Timer::Heartbeat, Firing::Times(0))
        .clocks(Clocks { of: [n0, n1, NodeId(2)].into(), until: 0, apart: 1, tick: 250.ms() })
        .links(Links::Set)
        .lane([read(0), read(1)])
        .lane([take_in(0, 1), take_in(1, 2)])
        .lane([add])
        .invariant(linearizability(Total(0)))
        .goal(Goal::seen("read-at-once", "n0 answers a read while it is alone.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Read { .. }, state, .. }
                if state.members.all().len() == 1)
        }))
        .goal(Goal::nodes(
            "n1-leads",
            "n1 leads three servers, and n0 does not know.",
            |_, nodes| nodes[0].state.leads() && nodes[1].state.leads(),
        ))
        .goal(Goal::seen("added", "n1 adds 1.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Replied { output: 1, .. }, .. })
        }))
}

#[test]
fn a_lease_ends_with_the_members_who_gave_it() {
    let report = common::explored(&leased_alone(), &Limits::default());
    assert!(report.verdict.holds(), "{}", report.verdict);
}

/// Adds up, reads, changes members and hands leadership over, all at once.
fn wish(client: ClientId, asked: u32) -> Option<(To, Input<Add>)> {
    let server = |step: u32| NodeId((step % 5) as u8);
    let input = match (client, asked % 2) {
        (ClientId(0), 0) => Input::Change(request(0, asked, Change::Remove(server(asked)))),
        (ClientId(0), _) => Input::Change(request(0, asked, Change::Voter(server(3 * asked)))),
        (ClientId(1), 0) => Input::Transfer(server(asked / 2)),
        (client, 0) => Input::Read(request(client.0, asked, Add { add: 0 })),
        (client, _) => Input::Command(request(client.0, asked, Add { add: 1 })),
    };
    Some((To::Any, input))
}

#[test]
fn members_may_change_whatever_else_a_server_does() {
    let all = (0..5).map(NodeId);
    let clocks = Clocks { of: all.collect(), until: 0, apart: 2, tick: 250.ms() };
    for (reads, pre_vote, runs) in
        [(Reads::Index, true, 60), (Reads::Lease { lease: 12, skew: 2 }, false, 60)]
    {
        let mut scenario = scenario("storm", None, &[]).invariant(snapshot_matching(Total(0)));
        if reads != Reads::Index {
            scenario = scenario.clocks(clocks.clone());
        }
        let options = &mut scenario.protocol.options;
        (options.reads, options.pre_vote, options.compact) = (reads, pre_vote, Some(3));
        scenario.storm = scenario.storm.clients(4, |_, client, asked| wish(client, asked));
        scenario = scenario
            .goal(Goal::seen("read", "A read is answered without the log.", |_, sight| {
                matches!(sight, Sight::Event { event: Event::Read { .. }, .. })
            }))
            .goal(Goal::seen(
                "installed",
                "A snapshot that names members is installed.",
                |_, sight| {
                    matches!(sight, Sight::Event { event: Event::Installed { .. }, state, .. }
                    if state.log.base().members.is_some())
                },
            ));
        let report = common::stormed(&scenario, None, runs);
        assert!(report.verdict.holds(), "{reads:?}: {}", report.verdict);
    }
}
