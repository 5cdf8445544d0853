//! Where plans come from: kinds of fault that are asked for, presets, and plans that are given; and
//! what is refused.

use proptest::strategy::ValueTree;

use super::beacon::{Beacon, beacons, calm};
use super::simulation::{hears_on, with_clocks};
use splitbrain::simulate::{
    Campaign, Fault, FaultKinds, Keeps, Link, Loss, Network, Plan, PlanTree, Plans, Preset,
    Simulation, SpecialLink, Tally, TimedFault, Topology, plan_of, plan_under, record, run,
    simulate,
};
use splitbrain::{NodeId, Scenario, Span, Undisturbed, Units};

const A: NodeId = NodeId(0);

fn stormy(kinds: FaultKinds) -> Scenario<Beacon> {
    let mut scenario = with_clocks(40);
    (scenario.nodes, scenario.least_nodes) = (5, 5);
    scenario.clocks.of = (0..5).map(NodeId).collect();
    scenario.storm = scenario.storm.lasts(5.s(), 0.s()).kinds(kinds);
    scenario.protocol.beats = 500;
    scenario
}

fn storms(scenario: &Scenario<Beacon>, plans: &Plans, runs: u64) -> Simulation<Beacon> {
    let campaign = Campaign { plans: plans.clone(), ..Campaign::new(runs, 1) };
    simulate(scenario, &campaign, &mut Undisturbed).expect("a sound scenario")
}

/// Which kinds of thing went wrong: lost by chance, doubled, partitions, pauses, crashes, wipes,
/// clocks, slow.
fn wrong(tally: &Tally) -> [bool; 8] {
    [
        tally.lost,
        tally.duplicated,
        tally.partitions,
        tally.pauses,
        tally.crashes,
        tally.wipes,
        tally.jumps,
        tally.slowed,
    ]
    .map(|count| count > 0)
}

/// A row of `.` and `x`.
fn row(text: &str) -> [bool; 8] {
    let marks: Vec<bool> = text.chars().map(|mark| mark == 'x').collect();
    marks.try_into().expect("eight marks")
}

#[test]
fn each_kind_that_is_asked_for_is_drawn_and_brings_nothing_else() {
    let none = FaultKinds::NONE;
    for (kinds, expected) in [
        (none, "........"),
        (FaultKinds { patterns: true, ..none }, "..x....."),
        (FaultKinds { slow: true, ..none }, ".......x"),
        (FaultKinds { waves: true, ..none }, "....x..."),
        (FaultKinds { corrections: true, ..none }, "......x."),
        (FaultKinds { networks: true, ..none }, "........"),
        (FaultKinds { networks: true, loss: true, ..none }, "x......."),
        (FaultKinds { networks: true, duplication: true, ..none }, ".x......"),
    ] {
        let scenario = stormy(kinds);
        assert_eq!(wrong(&storms(&scenario, &Plans::Drawn, 20).tally), row(expected), "{kinds:?}");
        let networks = (0..20).filter(|run| plan_of(&scenario, 1, *run).network.is_some()).count();
        assert_eq!(networks > 0, kinds.networks, "{kinds:?}");
        assert!(networks < 20, "{kinds:?}: not in every run");
    }
}

#[test]
fn a_preset_brings_what_its_name_says_in_every_run() {
    for (preset, expected) in [
        (Preset::Calm, "........"),
        (Preset::Flaky, "xx.....x"),
        (Preset::Partitions, "..x....."),
        (Preset::Crashes, "....x..."),
        (Preset::Clocks, "......x."),
        (Preset::Storm, "xxxxx.xx"),
        (Preset::Jepsen, "..xxx.x."),
    ] {
        let plans = Plans::Preset(preset);
        let scenario = stormy(FaultKinds::ALL);
        assert_eq!(wrong(&storms(&scenario, &plans, 20).tally), row(expected), "{preset}");
        let mut faulty = 0;
        for run in 0..20 {
            let plan = plan_under(&scenario, &plans, 1, run).expect("it is drawn");
            assert_eq!(plan.fits(&scenario), Ok(()), "{plan}");
            assert!(plan.faults.is_sorted_by_key(|timed| timed.at), "{plan}");
            faulty += usize::from(!plan.faults.is_empty());
        }
        let timed = !matches!(preset, Preset::Calm);
        assert_eq!(faulty >= 15, timed, "{preset}: {faulty} of 20 runs have faults");
        // What a scenario does not allow, no preset brings.
        let tally = storms(&stormy(FaultKinds::NONE), &plans, 20).tally;
        assert_eq!(wrong(&tally), row("........"), "{preset}");
    }
}

#[test]
fn a_preset_draws_each_kind_of_fault_it_stands_for() {
    let drawn = |preset| -> String {
        let scenario = stormy(FaultKinds { wipes: true, ..FaultKinds::ALL });
        let plans = Plans::Preset(preset);
        let plan = |run| plan_under(&scenario, &plans, 1, run).expect("drawn").to_toml();
        (0..60).map(plan).collect()
    };
    let partitions = &["isolate", "split", "bridge", "one_way", "circle"][..];
    for (preset, kinds) in [
        (Preset::Flaky, &["slow_node", "slow_link", "bursty", "ring", "star", "regions"][..]),
        (Preset::Partitions, partitions),
        (Preset::Crashes, &["crash", "wipe"]),
        (Preset::Clocks, &["jump", "stuck", "smear", "drift"]),
        (Preset::Jepsen, partitions),
        (Preset::Jepsen, &["pause", "crash", "jump"]),
        (Preset::Storm, partitions),
        (Preset::Storm, &["slow_node", "stuck", "wipe", "network", "pause"]),
    ] {
        let text = drawn(preset);
        for kind in kinds {
            assert!(text.contains(kind), "{preset} never draws {kind}");
        }
    }
}

#[test]
fn what_jepsen_does_goes_on_one_at_a_time_with_rests_between() {
    let scenario = stormy(FaultKinds::ALL);
    for run in 0..20 {
        let plan = plan_under(&scenario, &Plans::Preset(Preset::Jepsen), 1, run).expect("drawn");
        let mut last = Span::ZERO;
        for timed in &plan.faults {
            let together = timed.at == last;
            assert!(together || timed.at >= last + timed.lasts, "{plan}");
            last = if together { last } else { timed.at };
        }
        let begins = plan.faults.first().map(|timed| timed.at);
        assert!(begins.is_some_and(|at| at >= plan.stormy / 4), "{plan}");
    }
}

#[test]
fn runs_with_a_plan_that_is_given_have_it_and_draw_the_rest_by_their_number() {
    let scenario = beacons(3);
    let plan = Plan { loss: 200_000, ..calm() }.fault(95.ms(), 210.ms(), Fault::Isolate(A));
    let plans = Plans::Given(Box::new(plan.clone()));
    for run in 0..3 {
        assert_eq!(plan_under(&scenario, &plans, 7, run), Ok(plan.clone()));
    }
    let all = storms(&scenario, &plans, 3);
    assert_eq!(all.tally.partitions, 3);
    let each: Vec<u64> =
        (0..3).map(|number| record(&scenario, &plan, (1, number), None).0.tally.lost).collect();
    assert_eq!(all.tally.lost, each.iter().sum::<u64>());
    assert!(each[0] != each[1] || each[1] != each[2], "what is lost differs: {each:?}");
    // The run that fails can be made again from its plan, its seed and its number.
    let mut silent = scenario.clone();
    silent.protocol.beats = 10;
    silent.storm = silent.storm.lasts(1.s(), 1.s()).progress(hears_on());
    let failure = storms(&silent, &plans, 3).failure.expect("nothing is said in the end");
    assert_eq!((&failure.plan, failure.run), (&plan, 0));
}

#[test]
fn a_network_is_left_out_of_a_plan_where_the_failure_does_not_need_it() {
    let network = Network::preset("lossy");
    let plan = Plan { network, ..calm() }.fault(95.ms(), 210.ms(), Fault::Isolate(A));
    let simplest = |fails: &dyn Fn(&Tally) -> bool| {
        let fails = |plan: &Plan| fails(&run(&beacons(3), plan, 1).tally);
        assert!(fails(&plan));
        let mut tree = PlanTree::new(plan.clone());
        let mut more = tree.simplify();
        while more {
            more = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        tree.current()
    };
    let cut = simplest(&|tally| tally.cut > 0);
    assert_eq!((cut.network, cut.faults.len()), (None, 1));
    let lost = simplest(&|tally| tally.lost > 0);
    assert_eq!((lost.network.is_some(), lost.faults.len()), (true, 0));
}

#[test]
fn a_plan_that_does_not_fit_the_scenario_is_refused_with_its_line() {
    let mut scenario = beacons(3).may_crash([A]);
    scenario.clocks.of = vec![A];
    let mut sure = beacons(3).lost_only_when_down();
    sure.clocks.of = vec![A];
    let fault = |fault: &str| {
        format!("stormy = \"9s\"\n[[faults]]\nat = \"1s\"\nlasts = \"1s\"\nfault = {fault}\n")
    };
    let network = |topology: &str, special: &str| {
        let link = "{ latency = { constant = \"1ms\" } }";
        let special = match special {
            "" => String::new(),
            ends => format!(", special = [{{ {ends}, link = {link} }}]"),
        };
        format!("stormy = \"9s\"\nnetwork = {{ topology = {topology}, link = {link}{special} }}\n")
    };
    let lossy = || "stormy = \"9s\"\nnetwork = \"lossy\"".to_string();
    let mut tame = beacons(3);
    tame.storm = tame.storm.kinds(FaultKinds::NONE);
    tame.clocks.of = vec![A];
    for (scenario, text, line, parts) in [
        (
            &scenario,
            fault("{ isolate = \"n3\" }"),
            Some(2),
            "no node n3: the scenario's nodes are n0 to n2",
        ),
        (&scenario, fault("{ split = [\"n0\", \"n7\"] }"), Some(2), "no node n7"),
        (
            &scenario,
            fault("{ crash = \"n1\" }"),
            Some(2),
            "does not let n1 crash; choose one of: n0",
        ),
        (&scenario, fault("{ wipe = \"n2\" }"), Some(2), "does not let n2 crash"),
        (&scenario, fault("{ stuck = \"n1\" }"), Some(2), "n1 has no clock; choose one of: n0"),
        (
            &scenario,
            "stormy = \"9s\"\n\n[[clocks]]\nnode = \"n2\"".into(),
            Some(3),
            "n2 has no clock",
        ),
        (&scenario, network("{ star = \"n3\" }", ""), Some(2), "no node n3"),
        (
            &scenario,
            network("{ star = \"n0\" }", "from = \"n1\", to = \"n2\""),
            Some(2),
            "a star around n0 has no link from n1 to n2; name two neighbours",
        ),
        (&sure, fault("{ isolate = \"n0\" }"), Some(2), "leave out loss and partitions"),
        (&sure, "stormy = \"9s\"\nloss = 5".into(), None, "lost only at nodes that are down"),
        (&sure, lossy(), Some(2), "lost only at nodes that are down"),
        (
            &scenario,
            fault("{ wipe = \"n0\" }"),
            Some(2),
            "storm wipes no disks, and what must hold",
        ),
        (&tame, fault("{ crash = \"n0\" }"), Some(2), "crashes no nodes"),
        (&tame, fault("{ isolate = \"n0\" }"), Some(2), "cuts no links"),
        (&tame, fault("{ pause = \"n0\" }"), Some(2), "lets no node stand still"),
        (&tame, fault("{ stuck = \"n0\" }"), Some(2), "lets no clock be off"),
        (
            &tame,
            "stormy = \"9s\"\n[[clocks]]\nnode = \"n0\"".into(),
            Some(2),
            "lets no clock be off",
        ),
        (&tame, "stormy = \"9s\"\nloss = 5".into(), None, "loses no messages"),
        (&tame, "stormy = \"9s\"\nduplication = 5".into(), None, "doubles nothing"),
        (&tame, lossy(), Some(2), "loses no messages"),
    ] {
        let error = Plan::from_toml_for(&text, scenario).expect_err(&text);
        assert_eq!(error.line, line, "{text}\n{error}");
        assert!(error.to_string().contains(parts), "{text}\n{error}");
        let plan = Plan::from_toml(&text).expect("it would fit another scenario");
        assert_eq!(plan.fits(scenario).expect_err("it does not fit").why, error.why);
        let campaign = Campaign { plans: Plans::Given(Box::new(plan)), ..Campaign::new(1, 1) };
        let refused = simulate(scenario, &campaign, &mut Undisturbed).expect_err("the same");
        assert!(refused.contains(parts), "{refused}");
    }
    for text in [fault("{ crash = \"n0\" }"), lossy(), network("\"ring\"", "")] {
        assert!(Plan::from_toml_for(&text, &scenario).is_ok(), "{text}");
    }
}

#[test]
fn the_clients_of_a_plan_are_no_more_than_the_scenario_has() {
    let mut scenario = beacons(3);
    scenario.storm = scenario.storm.clients(2, |_, _, _| None);
    let read = |text: &str| Plan::from_toml_for(text, &scenario);
    assert_eq!(read("stormy = \"1s\"").expect("a plan").workload.clients, 2);
    let many = read("stormy = \"1s\"\nworkload = { clients = 5 }").expect_err("too many");
    assert!(many.why.contains("5 clients ask, and the scenario has 2"), "{many}");
}

#[test]
fn special_links_and_loss_are_part_of_what_a_plan_is() {
    // A plan through a network is data like any other: written, read, and run to the same end.
    let link = Link { loss: Loss::Independent(300_000), ..Link::taking(calm().latency) };
    let special = SpecialLink { from: A, to: NodeId(1), link: link.clone() };
    let network = Network { topology: Topology::Ring, link, special: vec![special] };
    let plan = Plan { network: Some(network), ..calm() };
    let again = Plan::from_toml(&plan.to_toml()).expect("as written");
    assert_eq!(run(&beacons(4), &plan, 3), run(&beacons(4), &again, 3));
    assert!(run(&beacons(4), &plan, 3).tally.lost > 0);
}

#[test]
fn a_storm_that_keeps_a_majority_leaves_out_what_would_take_it_and_draws_the_rest_as_ever() {
    let all = FaultKinds { wipes: true, ..FaultKinds::ALL };
    let kinds = FaultKinds { patterns: true, waves: true, networks: true, ..all };
    let free = stormy(kinds);
    for (keeps, least) in [(Keeps::Majority, 3), (Keeps::AtLeast(4), 4)] {
        let mut kept = free.clone();
        kept.storm = kept.storm.keeps(keeps);
        let mut left_out = 0;
        for run in 0..60 {
            let (plan, drawn) = (plan_of(&kept, 1, run), plan_of(&free, 1, run));
            assert_eq!(plan.fits(&kept), Ok(()), "{plan}");
            let mut rest = drawn.faults.iter();
            assert!(plan.faults.iter().all(|timed| rest.any(|other| other == timed)), "{plan}");
            left_out += drawn.faults.len() - plan.faults.len();
            assert_eq!(Plan { faults: drawn.faults.clone(), ..plan.clone() }, drawn);
            // Nodes that are down or stand still, at each moment at which one more does.
            let stops =
                |fault: &Fault| matches!(fault, Fault::Crash(_) | Fault::Pause(_) | Fault::Wipe(_));
            for timed in plan.faults.iter().filter(|timed| stops(&timed.fault)) {
                let going = |other: &&TimedFault| {
                    other.at <= timed.at && timed.at < other.at + other.lasts && stops(&other.fault)
                };
                let mut names: Vec<String> = plan
                    .faults
                    .iter()
                    .filter(going)
                    .map(|other| format!("{:?}", other.fault))
                    .collect();
                for name in &mut names {
                    *name = name.chars().filter(char::is_ascii_digit).collect();
                }
                names.sort();
                names.dedup();
                assert!(5 - names.len() >= least, "{plan}");
            }
        }
        assert!(left_out > 60, "{keeps:?}: {left_out}");
    }
}

#[test]
fn a_plan_that_leaves_too_few_nodes_is_refused_with_the_moment_and_its_line() {
    let mut scenario = beacons(3);
    scenario.storm = scenario.storm.keeps(Keeps::Majority);
    let text = r#"
        stormy = "9s"
        [[faults]]
        at = "1s"
        lasts = "2s"
        fault = { crash = "n0" }
        [[faults]]
        at = "2s"
        lasts = "5s"
        fault = { isolate = "n1" }
    "#;
    let error = Plan::from_toml_for(text, &scenario).expect_err("n2 is alone");
    assert_eq!(error.line, Some(7), "{error}");
    let why = "n1 is cut off: from 2s on no 2 of the 3 nodes would be up and reach each other, and \
               the scenario's storm keeps as many alive";
    assert!(error.why.starts_with(why), "{error}");
    assert!(Plan::from_toml_for(text, &beacons(3)).is_ok(), "others keep nothing");
    let apart = text.replace("at = \"2s\"", "at = \"3s\"");
    assert!(Plan::from_toml_for(&apart, &scenario).is_ok(), "one after the other");
}

/// Every plan, fault, latency and topology that the page on plans writes down.
#[test]
fn the_page_on_plans_writes_plans_that_are_read() {
    let page = include_str!("../../docs/plans.md");
    let plans: Vec<&str> = page.split("```toml\n").skip(1).collect();
    assert_eq!(plans.len(), 4);
    for text in plans {
        let text = text.split("```").next().expect("its end");
        Plan::from_toml(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    let rows: Vec<&str> = page.split("\n| `{ ").skip(1).collect();
    assert_eq!(rows.len(), 14 + 8, "faults and latencies");
    for (at, row) in rows.into_iter().enumerate() {
        let value = row.split("` |").next().expect("its end");
        let text = match at {
            ..14 => format!("[[faults]]\nat = \"1s\"\nlasts = \"1s\"\nfault = {{ {value}"),
            _ => format!("latency = {{ {value}"),
        };
        let read = Plan::from_toml(&format!("stormy = \"9s\"\n{text}"));
        read.unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
    for name in Network::PRESETS.into_iter().chain(Preset::ALL.map(Preset::name)) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
}
