package dev.firn.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AddressRulesTest {
  private static final AddressRules PUBLIC = new AddressRules(List.of());

  private static InetAddress[] of(String address) throws UnknownHostException {
    return InetAddress.getAllByName(address);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "fe80::1",
        "fec0::1",
        "fd00::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::"
      })
  void whatIsNotPublicIsRefused(String address) throws UnknownHostException {
    FirnException refused =
        assertThrows(FirnException.class, () -> PUBLIC.check("a.name", of(address)));
    assertEquals(ErrorKind.NOT_PERMITTED, refused.kind());
    assertTrue(refused.getMessage().contains("a.name"), refused.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "9.255.255.255",
        "11.0.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1", "2a00::1"
      })
  void whatIsPublicIsOpen(String address) throws UnknownHostException {
    assertEquals(1, PUBLIC.check("a.name", of(address)).length);
  }

  @Test
  void oneOfSeveralIsEnoughToRefuse() throws UnknownHostException {
    InetAddress[] both = {of("1.1.1.1")[0], of("10.0.0.1")[0]};
    assertThrows(FirnException.class, () -> PUBLIC.check("a.name", both));
  }

  @Test
  void networksAreAllowedBySettings() throws UnknownHostException {
    AddressRules rules =
        new AddressRules(
            List.of(AddressRules.Network.of("10.1.0.0/16"), AddressRules.Network.of("fd00::/8")));
    rules.check("a.name", of("10.1.255.255"));
    rules.check("a.name", of("fd12::1"));
    assertThrows(FirnException.class, () -> rules.check("a.name", of("10.2.0.1")));
    assertThrows(FirnException.class, () -> rules.check("a.name", of("fc00::1")));
    for (String wrong : List.of("", "10", "10.0.0.0/33", "a.name/8", "10.0.0.0/-1", "1.2.3/x")) {
      assertEquals(
          ErrorKind.USAGE,
          assertThrows(FirnException.class, () -> AddressRules.Network.of(wrong), wrong).kind());
    }
  }
}
