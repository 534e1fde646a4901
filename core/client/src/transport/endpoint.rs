use reqwest::Url;

/// The address of a route below a server's address, which may have a path of its own. The route is
/// absolute and percent-encoded, as [`vestnik_model::route`] gives it.
///
/// ```
/// use vestnik_core::transport::endpoint;
/// use vestnik_model::route;
///
/// let server = "https://shared.example/push/".parse()?;
/// assert_eq!(endpoint(&server, route::HUB).as_str(), "https://shared.example/push/hub");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn endpoint(server: &Url, route: &str) -> Url {
    let mut url = server.clone();
    let path = format!("{}{route}", server.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(server: &str, route: &str, expected: &str) {
        let url = endpoint(&server.parse().unwrap(), route);
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn the_servers_path_is_kept() {
        check("https://a", "/hub", "https://a/hub");
        check("https://a/", "/v1/token", "https://a/v1/token");
        check("http://a:1/push/", "/hub", "http://a:1/push/hub");
        check("http://a/push", "/v1/token", "http://a/push/v1/token");
        check("http://a/x/y/?q=1#f", "/hub", "http://a/x/y/hub");
        check(
            "http://a/p/",
            "/v1/topics/a%2Fb",
            "http://a/p/v1/topics/a%2Fb",
        );
    }
}
