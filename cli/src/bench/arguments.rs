//! The flags of `bench`.

use clap::Args;

#[derive(Args, Clone, Debug)]
pub(crate) struct Bench {
    /// The works, by name or by kind; all of full size if none is named
    #[arg(value_name = "WORK")]
    pub(crate) works: Vec<String>,
    /// Take the small sizes: all of them run in less than a minute
    #[arg(long)]
    pub(crate) short: bool,
    /// Take what runs for minutes, too
    #[arg(long, conflicts_with = "short")]
    pub(crate) long: bool,
    /// Run each row that often; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) repeat: u16,
    /// Leave the other checkers out
    #[arg(long)]
    pub(crate) only_ours: bool,
    /// List the works, with the counts they must have
    #[arg(long)]
    pub(crate) list: bool,
    /// Measure one row in this process, and print it as a line of JSON
    #[arg(long, hide = true, num_args = 2, value_names = ["WORK", "ENGINE"])]
    pub(crate) row: Option<Vec<String>>,
}
