//! Faults of a model, not of its user: told in a sentence, or refused where its author sees it.

#[path = "../examples/toy/model.rs"]
mod model;

use std::panic::catch_unwind;

use model::{Lock, LockModel};
use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Catalog, Model, Parameter, ScenarioInfo};

/// The toy with something wrong in its catalog entry.
struct Faulty {
    parameters: &'static [Parameter],
}

impl Model for Faulty {
    type Protocol = Lock;

    fn name(&self) -> &'static str {
        "faulty"
    }
    fn about(&self) -> &'static str {
        LockModel.about()
    }
    fn source(&self) -> &'static str {
        LockModel.source()
    }
    fn not_modelled(&self) -> &'static [&'static str] {
        &[]
    }
    fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }
    fn scenarios(&self) -> &'static [ScenarioInfo] {
        LockModel.scenarios()
    }
    fn bugs(&self) -> &'static [BugInfo] {
        &[]
    }
    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Lock>, String> {
        // It asks for a parameter it has not declared.
        ask.get("users");
        LockModel.build(ask)
    }
}

/// The exit code of a command line, and what it complains of.
fn answer(parameters: &'static [Parameter], arguments: &[&str]) -> (u8, String) {
    let catalog = Catalog::new().with(Faulty { parameters });
    let words = ["faulty"].iter().chain(arguments).map(ToString::to_string);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = splitbrain_cli::answer("faulty", "0", &catalog, words, &mut out, &mut err);
    (code, String::from_utf8(err).expect("text"))
}

#[test]
fn a_model_that_panics_while_it_builds_is_told_in_a_sentence() {
    for arguments in [["explore", "faulty"], ["check", "faulty"], ["show", "faulty"]] {
        let (code, complaint) = answer(&[], &arguments);
        assert_eq!(code, 2, "{complaint}");
        assert!(complaint.contains("declares no parameter `users`"), "{complaint}");
        assert!(complaint.contains("a fault in the program or in the model"), "{complaint}");
    }
}

#[test]
fn a_parameter_called_like_a_flag_is_refused_before_anything_else() {
    const NAMED: [&[Parameter]; 4] = [
        &[Parameter { name: "depth", about: "Depth.", default: 0, range: 0..=1 }],
        &[Parameter { name: "seed", about: "Seed.", default: 0, range: 0..=1 }],
        &[Parameter { name: "json", about: "JSON.", default: 0, range: 0..=1 }],
        &[Parameter { name: "help", about: "Help.", default: 0, range: 0..=1 }],
    ];
    for parameters in NAMED {
        let refused = catch_unwind(|| answer(parameters, &["list"]));
        let said = refused.expect_err("a clash is no small matter");
        let said = said.downcast_ref::<String>().expect("a sentence");
        assert!(said.contains("rename the parameter"), "{said}");
    }
}
