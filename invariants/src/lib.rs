//! Correctness conditions of distributed protocols, on plain data.

mod agreement;
mod durability;
mod held;
mod linearizable;
mod monotonic;
mod mutual_exclusion;
mod prefix_order;
mod table;
mod validity;

pub use agreement::Agreement;
pub use durability::Durability;
pub use held::{Broken, Held, Value, broken};
pub use linearizable::{
    Counter, CounterOperation, FencedLock, FencedLockOutput, KeyValue, KeyValueOperation,
    KeyValueOutput, Linearizable, Lock, LockOperation, LockOutput, Register, RegisterOperation,
    RegisterOutput, Specification,
};
pub use monotonic::Monotonic;
pub use mutual_exclusion::MutualExclusion;
pub use prefix_order::{common_prefix, compatible, is_prefix, prefix_order};
pub use validity::Validity;
