use proptest::prelude::*;

pub(super) fn hostile() -> impl Strategy<Value = String> {
    ".{0,20}"
}
