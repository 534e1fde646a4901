//! Which IP addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of the public Internet: globally reachable unicast by the registries of
/// IANA for special-purpose addresses (RFC 6890). An IPv6 address that contains an IPv4 address for a
/// translator is judged by that.
#[must_use]
pub const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = matches!(
        address.octets(),
        // This network (RFC 791), private (RFC 1918), loopback, multicast, reserved and broadcast.
        [0 | 10 | 127 | 224..=255, ..]
            // Shared by providers and their customers (RFC 6598).
            | [100, 64..=127, ..]
            // Link-local (RFC 3927): the metadata of cloud machines, too.
            | [169, 254, ..]
            | [172, 16..=31, ..]
            // Protocol assignments (RFC 6890) and documentation (RFC 5737).
            | [192, 0, 0 | 2, _]
            // Relays from IPv6, out of use (RFC 7526).
            | [192, 88, 99, _]
            | [192, 168, ..]
            // Benchmarks (RFC 2544).
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !is_special
}

const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = v4(g, h);
    match [a, b] {
        // Mapped (RFC 4291, 2.5.5.2).
        [0, 0] if c == 0 && d == 0 && e == 0 && f == 0xffff => is_public_v4(embedded),
        // Translated by NAT64 (RFC 6052).
        [0x64, 0xff9b] if c == 0 && d == 0 && e == 0 && f == 0 => is_public_v4(embedded),
        // Protocol assignments (RFC 2928), among them Teredo, and documentation (RFC 3849, 9637).
        [0x2001, 0..=0x1ff | 0xdb8] | [0x3fff, 0..=0xfff] => false,
        // 6to4 (RFC 3056) leads to an IPv4 address that is not looked at.
        [0x2002, _] => false,
        // Global unicast is what is left of 2000::/3.
        _ => a & 0xe000 == 0x2000,
    }
}

const fn v4(high: u16, low: u16) -> Ipv4Addr {
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &str) -> impl Iterator<Item = IpAddr> {
        texts.split_whitespace().map(|text| text.parse().unwrap())
    }

    #[test]
    fn the_first_and_the_last_of_special_networks_are_not_public() {
        let v4 = "0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 \
            127.0.0.1 127.255.255.255 169.254.0.0 169.254.169.254 169.254.255.255 172.16.0.0 \
            172.31.255.255 192.0.0.0 192.0.0.255 192.0.2.1 192.88.99.1 192.168.0.0 \
            192.168.255.255 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 \
            239.255.255.255 240.0.0.1 255.255.255.255";
        let v6 = ":: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 \
            64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:1ff:ffff::1 2001:db8::1 2002:7f00:1::1 \
            2002:808:808::1 3fff::1 3fff:fff::1 4000::1 5f00::1 fc00::1 fdff::1 fe80::1 fec0::1 \
            ff02::1";
        for address in all(v4).chain(all(v6)) {
            assert!(!is_public(address), "{address}");
        }
    }

    #[test]
    fn their_neighbours_are_public() {
        let v4 = "1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 \
            169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.1 192.0.3.1 192.88.98.1 \
            192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.7 203.0.112.7 \
            223.255.255.255 8.8.8.8";
        let v6 = "2000::1 2001:200::1 2001:db7::1 2001:db9::1 2003::1 2606:4700::1111 \
            2a00:1450::1 3fff:1000::1 ::ffff:8.8.8.8 64:ff9b::808:808";
        for address in all(v4).chain(all(v6)) {
            assert!(is_public(address), "{address}");
        }
    }
}
