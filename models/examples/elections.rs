//! Three ways to elect a leader, side by side: what each costs, and what becomes of it when the
//! leader crashes. `cargo run -p splitbrain-models --example elections`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Kind, Story, tell};
use splitbrain::explore::{Limits, way};
use splitbrain::{NodeId, Nodes, Scenario, Undisturbed};
use splitbrain_models::election::randomized::{Lot, Member, Stance};
use splitbrain_models::election::{Election, ElectionModel, Standing, State};

const COST: &str = "\
THE COST OF A LEADER

n0 calls an election, and all nodes come to know the leader: the fewest steps, and the messages
sent on the way. Then the leader crashes, and the others come to know another one.

                          n0 calls           the leader crashes
              nodes   steps   messages       steps   messages";

const COST_SEEN: &str = "
These are the best that can happen. The bully is lucky when the highest node's word stops all
others before they ask on; at worst each of them does, and n² messages are sent. On the ring the
winner's name goes round, and the news after it: 2n messages, and those by which n0 wakes the
others. Names that fall along the ring, each of which calls, make that n², too. Without names it is
as cheap when the lots fall well, and may go on for any number of rounds when they don't.";

const BULLY_SEEN: &str = "\
n1 waits until its `Election` has arrived wherever somebody is up, and would have been answered. The
one to n2 is lost, as n2 is down: silence means death, and that is an assumption. n0 has given its
old leader up before it hears of the new one.";

const RING_SEEN: &str = "\
n1 stands before the gap, so it is n1 that calls the next election, epoch 2, and sends past n2. n0 is
lower and passes the name on. It comes home, and `Elected` follows.";

const ALIKE_SEEN: &str = "\
n0 and n1 draw the same. n1 cannot know whose token it sees, but it has come one hop only, so it is
not its own: n1 passes it on as not unique. It comes home after three hops, and n0 knows that it must
draw again. A node that took every token with its own id for its own would lead now, and so would
n1: that is the mistake `rand-no-round`.";

fn main() -> Result<(), String> {
    println!("{COST}");
    for name in ["bully", "ring", "randomized"] {
        for nodes in [3, 4, 5] {
            let called = cost(&call(name, nodes)?);
            let crash = match name {
                "randomized" => "    -          -".to_string(),
                _ => cost(&crash(name, nodes)?),
            };
            println!("{name:<14}{nodes:>5}   {called}       {crash}");
        }
    }
    println!("{COST_SEEN}");
    chapter("THE BULLY: THE LEADER CRASHES", &crash("bully", 3)?, BULLY_SEEN);
    chapter("THE RING: THE LEADER CRASHES", &crash("ring", 3)?, RING_SEEN);
    chapter("WITHOUT NAMES: LOTS THAT FALL ALIKE", &alike()?, ALIKE_SEEN);
    Ok(())
}

/// Prints a run in words and as a diagram, and what to look at.
fn chapter(title: &str, story: &Story, seen: &str) {
    println!("\n\n{title}\n\n{}", story.steps_in_words().join("\n"));
    println!("\n{}\n{seen}", story.to_text());
}

/// A shortest way through a scenario of the catalog, by these waypoints.
fn shortest(
    name: &str,
    settings: &[(&str, u64)],
    by: impl Fn(Scenario<Election>) -> Scenario<Election>,
) -> Result<Story, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let built = build(&ElectionModel, name, None, &given).map_err(|misfit| misfit.to_string())?;
    let scenario = by(built);
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// n0 calls an election, and all come to know who leads.
fn call(name: &str, nodes: u64) -> Result<Story, String> {
    shortest(name, &[("nodes", nodes), ("callers", 1), ("crashes", 0)], |scenario| {
        scenario
            .waypoint("n0 has called an election", |_, nodes| {
                nodes[0].state.standing(NodeId(0)) == Standing::Open
            })
            .waypoint("all know the leader", |_, nodes| agreed(nodes, nodes.len()))
    })
}

/// The highest node leads and crashes, and the others come to know another leader.
fn crash(name: &str, nodes: u64) -> Result<Story, String> {
    let settings = [("nodes", nodes), ("callers", 1), ("crashes", 1), ("mortal", 1)];
    shortest(name, &settings, |scenario| {
        scenario
            .waypoint("all know the leader", |_, nodes| agreed(nodes, nodes.len()))
            .waypoint("the leader is down", |_, nodes| !nodes[nodes.len() - 1].up)
            .waypoint("the others know another", |_, nodes| agreed(nodes, nodes.len() - 1))
    })
}

/// Two nodes draw the same lot, and one finds out.
fn alike() -> Result<Story, String> {
    shortest("randomized", &[("callers", 2)], |scenario| {
        scenario
            .waypoint("n0 and n1 drew the same", |_, nodes| {
                lot(nodes, 0).is_some() && lot(nodes, 0) == lot(nodes, 1)
            })
            .waypoint("n0 draws again", |_, nodes| lot(nodes, 0).is_some_and(|lot| lot.round == 2))
    })
}

/// What a node drew, if it may still lead.
fn lot(nodes: &Nodes<Election>, at: usize) -> Option<Lot> {
    match nodes[at].state {
        State::Randomized(Member { stance: Stance::Active { lot }, .. }) => Some(lot),
        State::Randomized(_) | State::Bully(_) | State::Ring(_) => None,
    }
}

/// Whether one of the nodes is up and leads, and so many of the first ones know it.
fn agreed(nodes: &Nodes<Election>, many: usize) -> bool {
    let standing = |at: usize| nodes[at].state.standing(NodeId::at(at));
    let leads = |at: &usize| nodes[*at].up && matches!(standing(*at), Standing::Leads(_));
    let Some(leader) = (0..nodes.len()).find(leads) else { return false };
    (0..many).all(|at| match standing(at) {
        Standing::Leads(_) => at == leader,
        Standing::Follows(_, known) => known.is_none_or(|known| known.index() == leader),
        Standing::Outside | Standing::Open => false,
    })
}

/// Steps and messages of a run, from its crash on if there is one.
fn cost(story: &Story) -> String {
    let crash = story.steps.iter().position(|step| step.kind == Kind::Crash);
    let counted = &story.steps[crash.unwrap_or(0)..];
    let messages: usize = counted.iter().map(|step| step.sends.len()).sum();
    format!("{:>5}   {messages:>8}", counted.len())
}
