package dev.firn.bucket;

import dev.firn.base.FirnException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;

/**
 * Which addresses the daemon may connect to for somebody who gave it a URL: those of the public
 * Internet, and what the home's settings allow besides. Who may ask the daemon to fetch something
 * must not reach through it what only this machine or its network can reach.
 *
 * <p>It is asked with the very addresses that are connected to, so a name that has other ones the
 * next time it is looked up leads nowhere else. Immutable.
 */
final class AddressRules {
  /** What is not the public Internet, by RFC 6890 and its like: address and prefix. */
  private static final List<Network> SPECIAL =
      List.of(
          Network.of("0.0.0.0/8"),
          Network.of("10.0.0.0/8"),
          Network.of("100.64.0.0/10"),
          Network.of("127.0.0.0/8"),
          Network.of("169.254.0.0/16"),
          Network.of("172.16.0.0/12"),
          Network.of("192.0.0.0/24"),
          Network.of("192.0.2.0/24"),
          Network.of("192.88.99.0/24"),
          Network.of("192.168.0.0/16"),
          Network.of("198.18.0.0/15"),
          Network.of("198.51.100.0/24"),
          Network.of("203.0.113.0/24"),
          Network.of("224.0.0.0/4"),
          Network.of("240.0.0.0/4"));

  /** Of version 6 only this is public; what in it leads back to version 4 is not. */
  private static final Network GLOBAL_6 = Network.of("2000::/3");

  private static final List<Network> SPECIAL_6 =
      List.of(
          Network.of("2001::/23"),
          Network.of("2001:db8::/32"),
          Network.of("2002::/16"),
          Network.of("3fff::/20"));

  /** Everything is open. */
  static final AddressRules NONE =
      new AddressRules(List.of(Network.of("0.0.0.0/0"), Network.of("::/0")));

  private final List<Network> allowed;

  /**
   * @param allowed networks that are open although they are not public
   */
  AddressRules(List<Network> allowed) {
    this.allowed = List.copyOf(allowed);
  }

  /** All addresses that begin with the same bits. */
  record Network(byte[] address, int prefixBits) {
    /** As in {@code 10.0.0.0/8} or {@code fd00::/8}; FirnException USAGE if it is none. */
    static Network of(String text) {
      int slash = text.indexOf('/');
      try {
        String address = slash < 0 ? text : text.substring(0, slash);
        if (address.matches("[0-9a-fA-F:.]+") && address.matches(".*[.:].*")) {
          byte[] bytes = InetAddress.getByName(address).getAddress();
          int bits = slash < 0 ? 8 * bytes.length : Integer.parseInt(text.substring(slash + 1));
          if (bits >= 0 && bits <= 8 * bytes.length) {
            return new Network(bytes, bits);
          }
        }
      } catch (UnknownHostException | NumberFormatException e) {
        // Told below.
      }
      throw FirnException.usage("'%s' is no network, like 10.0.0.0/8", text);
    }

    boolean has(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < prefixBits; bit++) {
        int mask = 0x80 >> (bit % 8);
        if (((other[bit / 8] ^ address[bit / 8]) & mask) != 0) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * @throws FirnException of kind NOT_PERMITTED if one of them must not be connected to
   */
  InetAddress[] check(String host, InetAddress[] addresses) {
    for (InetAddress address : addresses) {
      if (!isOpen(address)) {
        throw FirnException.notPermitted(
            "%s is %s, no address of the public Internet: nothing is fetched from there unless the"
                + " home's settings allow it (import.private-networks)",
            host, address.getHostAddress());
      }
    }
    return Arrays.copyOf(addresses, addresses.length);
  }

  private boolean isOpen(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (allowed.stream().anyMatch(network -> network.has(bytes))) {
      return true;
    }
    if (address instanceof Inet4Address) {
      return SPECIAL.stream().noneMatch(network -> network.has(bytes));
    }
    return address instanceof Inet6Address
        && GLOBAL_6.has(bytes)
        && SPECIAL_6.stream().noneMatch(network -> network.has(bytes));
  }
}
