//! The page's copy of the wire types is the one that Rust makes.

use std::path::Path;

#[test]
fn the_pages_types_are_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../web-ui/src/protocol/types.ts");
    let made = orchestra_protocol::typescript::render();
    if option_env!("WRITE_TYPES").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("can make the folder");
        std::fs::write(&path, &made).expect("can write the types");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == made,
        "web-ui/src/protocol/types.ts is stale: run `make types`"
    );
}
