//! The networks there are ready made, by name.

use super::latency::Latency;
use super::topology::{Link, Loss, Network, Topology};
use crate::time::{Span, Units};

impl Network {
    /// The names of the networks there are ready made.
    pub const PRESETS: [&str; 9] = [
        "local",
        "datacentre",
        "cross-region",
        "internet",
        "satellite",
        "3g",
        "4g",
        "lossy",
        "slow",
    ];

    /// The network of that name; none, if there is none. Their figures are round ones that are
    /// typical of their kind, and measure nobody's network.
    pub fn preset(name: &str) -> Option<Network> {
        let log_normal = |median, spread| Link::taking(Latency::LogNormal { median, spread });
        let bursty = |begins, ends, within, between| Loss::Bursty { begins, ends, within, between };
        let (topology, link) = match name {
            "local" => (Topology::Mesh, log_normal(100.us(), 250)),
            "datacentre" => {
                let datacentre = Box::new(log_normal(400.us(), 400));
                let loss = Loss::Independent(10);
                let between = Box::new(Link { loss, ..log_normal(1_500.us(), 300) });
                let racks = Topology::Racks { nodes: 2, racks: 2, datacentre, between };
                (racks, log_normal(150.us(), 300))
            }
            "cross-region" => {
                let link = Link { loss: Loss::Independent(100), ..log_normal(1.ms(), 500) };
                (Topology::Regions(regions()), link)
            }
            "internet" => {
                let loss = bursty(2_000, 250_000, 300_000, 1_000);
                (Topology::Mesh, Link { loss, duplication: 100, ..log_normal(40.ms(), 600) })
            }
            "satellite" => {
                let link = Latency::Normal { mean: 300.ms(), spread: 20.ms(), least: 250.ms() };
                let loss = bursty(1_000, 100_000, 500_000, 2_000);
                (Topology::Mesh, Link { loss, per_second: 500, ..Link::taking(link) })
            }
            "3g" => {
                let loss = bursty(5_000, 200_000, 400_000, 5_000);
                let link = log_normal(100.ms(), 700);
                (Topology::Mesh, Link { loss, per_second: 100, fifo: true, ..link })
            }
            "4g" => {
                let loss = bursty(2_000, 250_000, 300_000, 1_000);
                let link = log_normal(30.ms(), 500);
                (Topology::Mesh, Link { loss, per_second: 1_000, fifo: true, ..link })
            }
            "lossy" => {
                let loss = bursty(20_000, 100_000, 600_000, 20_000);
                (Topology::Mesh, Link { loss, duplication: 10_000, ..log_normal(5.ms(), 500) })
            }
            "slow" => {
                let link = Latency::Uniform { least: 500.ms(), most: 1_500.ms() };
                (Topology::Mesh, Link { per_second: 20, fifo: true, ..Link::taking(link) })
            }
            _ => return None,
        };
        Some(Network { topology, link, special: Vec::new() })
    }
}

/// Five regions: two coasts of North America, Western Europe, Southeast and East Asia. Half of round
/// trips between them, about.
fn regions() -> Vec<Vec<Span>> {
    const MILLIS: [[u64; 5]; 5] = [
        [0, 31, 38, 108, 75],
        [31, 0, 68, 85, 53],
        [38, 68, 0, 87, 105],
        [108, 85, 87, 0, 35],
        [75, 53, 105, 35, 0],
    ];
    MILLIS.iter().map(|row| row.iter().map(|millis| millis.ms()).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_preset_is_sound_and_says_what_it_is() {
        for name in Network::PRESETS {
            let network = Network::preset(name).expect("it is listed");
            assert_eq!(network.mistake(), None, "{name}");
            assert!(network.to_string().contains("a link takes"), "{network}");
            let json = serde_json::to_string(&network).expect("plain data");
            assert_eq!(serde_json::from_str::<Network>(&json).expect("as written"), network);
        }
        assert_eq!(Network::preset("carrier-pigeon"), None);
        let satellite = Network::preset("satellite").expect("it is listed").to_string();
        let expected = "a full mesh; a link takes 300ms give or take 20ms, at least 250ms, \
                        loss 0.2 %, in bursts 50 % (bursts begin with 0.1 %, end with 10 % of \
                        messages), 500 messages a second";
        assert_eq!(satellite, expected);
    }
}
