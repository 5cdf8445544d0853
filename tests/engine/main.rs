//! The engine on protocols small enough to count by hand. One program, so that each of them is
//! compiled once.

mod beacon;
mod campaigns;
mod commit;
mod disks;
mod exploration;
mod exposed;
mod faults;
mod guidance;
mod measures;
mod mishaps;
mod mistakes;
mod networks;
mod noting;
mod plans;
mod puppet;
mod replays;
mod settling;
mod shrinking;
mod simulation;
mod stalling;
mod workloads;
mod world;
