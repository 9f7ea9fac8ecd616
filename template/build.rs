//! Has the server compiled anew when a file of the lock comes or goes: the compiler itself looks only at those that it
//! embedded before.

fn main() {
    println!("cargo::rerun-if-changed=contracts");
}
