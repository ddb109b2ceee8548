//! Sources over each other, and every mistake with its place.

use super::*;

fn merged(file: &str, environment: &[(&str, &str)]) -> Result<Layers, Vec<String>> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let path = Path::new("config.toml");
    let read = read(&Flags::default(), &environment, path, Some(file));
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

#[test]
fn later_sources_win_and_are_told() {
    let file =
        "[limits]\ndepth = 5\nlive_agents = 6\n\n[[specialists]]\nname = \"a\"\nkind = \"shell\"\n";
    let layers = merged(file, &[("ORCHESTRA_LIMITS__DEPTH", "7")]).unwrap();
    let limits = &layers.settings.limits;
    assert_eq!((limits.depth, limits.live_agents), (7, 6));
    assert_eq!(limits.new_agents_per_hour, 50);
    for (key, origin) in [
        ("limits.depth", "ORCHESTRA_LIMITS__DEPTH"),
        ("limits.live_agents", "config.toml:3"),
        ("limits.new_agents_per_hour", "default"),
        ("specialists", "config.toml:6"),
        ("kinds.shell.env", "default"),
    ] {
        assert_eq!(layers.provenance[key].to_string(), origin, "{key}");
    }
}

#[test]
fn every_mistake_is_named_with_its_line() {
    let file = "[limits]\ndepth = 5\ndeep = 1\nlive_agents = \"many\"\n\n[auth]\nlogin = \"magic\"\n\n\
        [[specialists]]\nname = \"a\"\nlable = []\n\n[prices]\n\"gpt-9\" = [1, 2]\n";
    let faults = merged(
        file,
        &[
            ("ORCHESTRA_LIMITS__DEEP", "7"),
            ("ORCHESTRA_LIMITS__DEPTH", "x"),
        ],
    )
    .unwrap_err();
    for (fault, begins) in faults.iter().zip([
        "config.toml:3: limits.deep: unknown field `deep`",
        "config.toml:4: limits.live_agents: invalid type",
        "config.toml:7: auth.login: unknown variant `magic`",
        "config.toml:11: specialists.0.lable: unknown field `lable`",
        "config.toml:14: prices.gpt-9: invalid length 2",
        "ORCHESTRA_LIMITS__DEEP: limits.deep: there is no such setting",
        "ORCHESTRA_LIMITS__DEPTH: limits.depth: \"x\" is not a whole number",
    ]) {
        assert!(fault.starts_with(begins), "{fault}");
    }
    assert_eq!(faults.len(), 7, "{faults:?}");
    let broken = merged("a = 1\n[limits\n", &[]).unwrap_err();
    assert!(broken[0].starts_with("config.toml:2: "), "{broken:?}");
    let beyond = merged(
        "\n[server]\nlisten = \"0.0.0.0:80\"\n[terminal]\nframes_per_second = 99\n",
        &[],
    );
    let beyond = beyond.unwrap_err();
    assert!(
        beyond[0].starts_with("config.toml:3: server.listen: refuses"),
        "{beyond:?}"
    );
    assert!(
        beyond[1].starts_with("config.toml:5: terminal.frames_per_second: must"),
        "{beyond:?}"
    );
}

#[test]
fn the_defaults_stand_and_a_whole_price_may_be_said() {
    let layers = merged("[prices]\n\"gpt-5.4\" = [1, 2.5, 3, 4]\n", &[]).unwrap();
    assert_eq!(
        layers.settings.prices["gpt-5.4"][1].to_bits(),
        2.5_f64.to_bits()
    );
    assert_eq!(
        layers.provenance["prices.\"gpt-5.4\""].to_string(),
        "config.toml:2"
    );
}
