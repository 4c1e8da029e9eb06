package dev.firn.server.oapi;

import dev.firn.base.FirnException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;

/**
 * How the API is served.
 *
 * @param listen where; port 0: a free one
 * @param metrics where metrics and health are told, or null: nowhere
 * @param keyStore PKCS#12 or JKS with the certificate and its key; null: without TLS
 * @param keyStorePassword null without a key store
 * @param insecure whether it may be reached from other machines without TLS
 */
public record OapiOptions(
    InetSocketAddress listen,
    InetSocketAddress metrics,
    Path keyStore,
    String keyStorePassword,
    boolean insecure) {

  public OapiOptions {
    if (keyStore == null && !insecure && !listen.getAddress().isLoopbackAddress()) {
      throw FirnException.usage(
          "%s can be reached from other machines, and everybody between could read what is said:"
              + " give a key store (--tls-keystore), or --insecure if something else sees to that",
          text(listen));
    }
  }

  @Override
  public String toString() {
    return "listen " + text(listen) + (keyStore == null ? "" : " with TLS");
  }

  /** {@code HOST:PORT} or {@code [HOST]:PORT}; USAGE if it is neither. */
  public static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    String port = text.substring(colon + 1);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isEmpty() || !port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
      throw FirnException.usage("'%s' is no address: give HOST:PORT, like 127.0.0.1:8080", text);
    }
    try {
      return new InetSocketAddress(InetAddress.getByName(host), Integer.parseInt(port));
    } catch (UnknownHostException e) {
      throw FirnException.usage("host '%s' is unknown: give an address of this machine", host);
    }
  }

  static String text(InetSocketAddress address) {
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }
}
