package dev.firn.bucket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A file behind a server that does what servers and networks do at their worst. */
class RemoteFileTest {
  private static final AddressRules LOOPBACK =
      new AddressRules(List.of(AddressRules.Network.of("127.0.0.0/8")));
  private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]+)");
  private static final byte[] CONTENT = new byte[3_000_001];

  static {
    new Random(11).nextBytes(CONTENT);
  }

  private final AtomicInteger requests = new AtomicInteger();
  private HttpServer server;

  @BeforeEach
  void serve() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
    ((java.util.concurrent.ExecutorService) server.getExecutor()).shutdownNow();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path + "?Signature=hidden";
  }

  private interface Answer {
    void send(HttpExchange exchange, int request) throws IOException;
  }

  private void at(String path, Answer answer) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            answer.send(exchange, requests.incrementAndGet());
          }
        });
  }

  /** The range that is asked for, of which the connection breaks after some bytes. */
  private static void range(HttpExchange exchange, String tag, int bytesMax) throws IOException {
    Matcher range = RANGE.matcher(exchange.getRequestHeaders().getFirst("Range"));
    assertTrue(range.matches());
    int from = Integer.parseInt(range.group(1));
    int to = (int) Math.min(CONTENT.length - 1, Long.parseLong(range.group(2)));
    exchange
        .getResponseHeaders()
        .set("Content-Range", "bytes " + from + "-" + to + "/" + CONTENT.length);
    exchange.getResponseHeaders().set("ETag", tag);
    exchange.sendResponseHeaders(206, to - from + 1);
    OutputStream out = exchange.getResponseBody();
    out.write(CONTENT, from, Math.min(to - from + 1, bytesMax));
    out.flush();
  }

  private static byte[] read(String url, long bytesMax) throws IOException {
    try (RemoteFile file = RemoteFile.open(url, LOOPBACK, bytesMax)) {
      return file.readAllBytes();
    }
  }

  private void fails(ErrorKind kind, String part, String path, long bytesMax) {
    FirnException told = assertThrows(FirnException.class, () -> read(url(path), bytesMax));
    assertEquals(kind, told.kind(), told.getMessage());
    assertTrue(told.getMessage().contains(part), told.getMessage());
    assertFalse(told.getMessage().contains("hidden"), told.getMessage());
  }

  @Test
  void aConnectionThatBreaksIsMadeAgain() throws IOException {
    at("/breaks", (exchange, request) -> range(exchange, "\"one\"", 400_000));
    assertArrayEquals(CONTENT, read(url("/breaks"), CONTENT.length));
    assertTrue(requests.get() >= 8, requests + " requests");
  }

  @Test
  void passingErrorsAreTriedAgainAndOthersAreNot() throws IOException {
    at(
        "/passing",
        (exchange, request) -> {
          if (request % 2 == 1) {
            exchange.sendResponseHeaders(503, -1);
          } else {
            range(exchange, "\"one\"", 1_500_000);
          }
        });
    assertArrayEquals(CONTENT, read(url("/passing"), CONTENT.length));
    requests.set(0);
    at("/expired", (exchange, request) -> exchange.sendResponseHeaders(403, -1));
    fails(ErrorKind.FAILED, "HTTP status 403", "/expired", 1);
    fails(ErrorKind.NOT_FOUND, "HTTP status 404", "/nothing", 1);
    assertEquals(1, requests.get());
  }

  @Test
  void whatNobodyWantsAnyMoreIsNotTriedAgain() {
    at("/passing", (exchange, request) -> exchange.sendResponseHeaders(503, -1));
    Runnable unwanted =
        () -> {
          throw FirnException.conflict("the daemon is stopping");
        };
    FirnException told =
        assertThrows(
            FirnException.class, () -> RemoteFile.open(url("/passing"), LOOPBACK, 1, unwanted));
    assertEquals(ErrorKind.CONFLICT, told.kind());
    assertEquals(1, requests.get());
  }

  @Test
  void aServerWithoutRangesIsReadFromTheStartAgain() throws IOException {
    at(
        "/whole",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("ETag", "\"one\"");
          exchange.sendResponseHeaders(200, CONTENT.length);
          OutputStream out = exchange.getResponseBody();
          out.write(CONTENT, 0, request == 1 ? 1_000_000 : CONTENT.length);
          out.flush();
        });
    assertArrayEquals(CONTENT, read(url("/whole"), CONTENT.length));
    assertEquals(2, requests.get());
  }

  @Test
  void whatChangesOnTheWayIsNotMixed() {
    at("/tag", (exchange, request) -> range(exchange, "\"" + request + "\"", 1_000_000));
    fails(ErrorKind.FAILED, "has changed", "/tag", CONTENT.length);
    at(
        "/refuses",
        (exchange, request) -> {
          if (exchange.getRequestHeaders().getFirst("If-Match") == null) {
            range(exchange, "\"one\"", 1_000_000);
          } else {
            exchange.sendResponseHeaders(412, -1);
          }
        });
    fails(ErrorKind.FAILED, "has changed", "/refuses", CONTENT.length);
    at(
        "/other",
        (exchange, request) -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 5-9/10");
          exchange.sendResponseHeaders(206, 5);
          exchange.getResponseBody().write(new byte[5]);
        });
    fails(ErrorKind.FAILED, "another range", "/other", CONTENT.length);
  }

  @Test
  void whatIsTooLongIsNotRead() {
    at("/long", (exchange, request) -> range(exchange, "\"one\"", 100));
    fails(ErrorKind.NO_SPACE, CONTENT.length + " bytes", "/long", CONTENT.length - 1);
    at(
        "/endless",
        (exchange, request) -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(new byte[10]);
        });
    fails(ErrorKind.FAILED, "how long", "/endless", CONTENT.length);
  }

  @Test
  void redirectsAreFollowedWhereTheyMayLead() throws IOException {
    at("/file", (exchange, request) -> range(exchange, "\"one\"", CONTENT.length));
    at("/moved", (exchange, request) -> redirect(exchange, "/file?Signature=hidden"));
    assertArrayEquals(CONTENT, read(url("/moved"), CONTENT.length));
    at("/round", (exchange, request) -> redirect(exchange, "/round"));
    fails(ErrorKind.FAILED, "without an end", "/round", CONTENT.length);
    at("/local", (exchange, request) -> redirect(exchange, "file:///etc/passwd"));
    fails(ErrorKind.NOT_PERMITTED, "another kind", "/local", CONTENT.length);
    at("/private", (exchange, request) -> redirect(exchange, "http://169.254.169.254/latest"));
    fails(ErrorKind.NOT_PERMITTED, "169.254.169.254", "/private", CONTENT.length);
    String port = ":" + server.getAddress().getPort();
    at("/six", (exchange, request) -> redirect(exchange, "http://[::1]" + port + "/file"));
    fails(ErrorKind.NOT_PERMITTED, "public Internet", "/six", CONTENT.length);
    int before = requests.get();
    at("/number", (exchange, request) -> redirect(exchange, "http://2130706433" + port + "/file"));
    try {
      // The same machine, written as a number: this network is allowed here.
      assertArrayEquals(CONTENT, read(url("/number"), CONTENT.length));
    } catch (FirnException unknownHost) {
      assertEquals(before + 1, requests.get());
    }
  }

  private static void redirect(HttpExchange exchange, String to) throws IOException {
    exchange.getResponseHeaders().set("Location", to);
    exchange.sendResponseHeaders(302, -1);
  }

  @Test
  void privateAddressesAreRefusedHoweverTheyAreWritten() {
    at("/file", (exchange, request) -> range(exchange, "\"one\"", CONTENT.length));
    AddressRules none = new AddressRules(List.of());
    String rest = ":" + server.getAddress().getPort() + "/file";
    for (String host : List.of("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0")) {
      String url = "http://" + host + rest;
      assertThrows(FirnException.class, () -> RemoteFile.open(url, none, 1), host);
    }
    assertEquals(0, requests.get());
  }

  @Test
  void otherTextsAreNoUrls() {
    for (String text :
        List.of(
            "",
            "x",
            "file:///etc/passwd",
            "ftp://a/b",
            "http:///x",
            "http://u:p@h/",
            "https://a b")) {
      FirnException told = assertThrows(FirnException.class, () -> RemoteFile.parse(text), text);
      assertEquals(ErrorKind.USAGE, told.kind());
    }
  }
}
