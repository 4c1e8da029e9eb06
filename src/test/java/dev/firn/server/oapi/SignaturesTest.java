package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.region.AccessKey;
import dev.firn.region.Accounts;
import dev.firn.server.oapi.SigningClient.Answer;
import dev.firn.server.oapi.SigningClient.Style;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests are done for those who signed them, as they were signed, and for nobody else. */
class SignaturesTest {
  private static final List<Supplier<Style>> DIALECTS =
      List.of(Style::aws4, Style::oscPython, Style::oscCli);

  @TempDir Path directory;
  private ServedHome home;

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  private Answer call(Style style) throws IOException {
    return call(style, Map.of());
  }

  private Answer call(Style style, Map<String, String> late) throws IOException {
    return home.client("north").call("ReadVolumes", "{}", style, late);
  }

  /** Each with a key of its own, so that none gets locked. */
  private void refused(String part, Style style, Map<String, String> late) throws IOException {
    String name = "a" + System.nanoTime();
    Answer answer = home.client(name).call("ReadVolumes", "{}", style, late);
    assertEquals(401, answer.status(), answer.body().toString());
    assertEquals("4120", answer.code());
    String details = answer.body().get("Errors").get(0).get("Details").asText();
    assertTrue(details.contains(part), details);
    assertTrue(answer.body().get("Volumes") == null);
  }

  @Test
  void allDialectsAreUnderstood() throws IOException {
    for (Supplier<Style> dialect : DIALECTS) {
      assertEquals(200, call(dialect.get()).status());
      for (String path : List.of("/", "//", "/api/v1/", "//api/v1/", "/api/latest/")) {
        Style style = dialect.get();
        style.pathPrefix = path;
        style.signedPathPrefix = null;
        Answer answer = call(style);
        assertEquals(200, answer.status(), path + answer.body());
      }
    }
  }

  @Test
  void hostsAreSignedWithAndWithoutPortInOneDialectOnly() throws IOException {
    for (boolean port : new boolean[] {true, false}) {
      for (Supplier<Style> dialect : DIALECTS.subList(1, 3)) {
        Style style = dialect.get();
        style.signsPort = port;
        assertEquals(200, call(style).status());
      }
    }
    Style style = Style.aws4();
    style.signsPort = false;
    refused("not valid", style, Map.of());
  }

  @Test
  void whatIsSignedCannotBeChanged() throws IOException {
    List<Consumer<Style>> changes =
        List.of(
            style -> style.signedAction = "DeleteVolume",
            style -> style.signedBody = "{\"DryRun\":true}",
            style -> style.secret = "0".repeat(40),
            style -> style.signedPathPrefix = "/other/");
    for (Supplier<Style> dialect : DIALECTS) {
      for (Consumer<Style> change : changes) {
        Style style = dialect.get();
        change.accept(style);
        refused("not valid", style, Map.of());
      }
    }
    refused("not valid", Style.aws4(), Map.of("Content-Type", "text/plain"));
    refused("not valid", Style.oscCli(), Map.of("X-Osc-Target", "oapi.DeleteVolume"));
  }

  /** A request that is seen on its way is good for nothing but to be sent again. */
  @Test
  void aBodyIsNotGoodForAnotherAction() throws IOException {
    String volume = home.volume("north", 1);
    String body = "{\"VolumeId\":\"" + volume + "\"}";
    for (Supplier<Style> dialect : DIALECTS) {
      Style style = dialect.get();
      style.signedAction = "UnlinkVolume";
      assertEquals(401, home.client("north").call("DeleteVolume", body, style, Map.of()).status());
      // A right one in between, so that the key does not get locked.
      assertEquals(200, call(dialect.get()).status());
    }
    assertEquals(1, home.ok("north", "ReadVolumes", "{}").get("Volumes").size());
  }

  @Test
  void whatMustBeSignedIs() throws IOException {
    Style style = Style.aws4();
    style.signedHeaders = List.of("content-type", "x-amz-date");
    refused("'host' is not signed", style, Map.of());
    style = Style.aws4();
    style.signedHeaders = List.of("content-type", "host");
    refused("neither X-Osc-Date nor X-Amz-Date is signed", style, Map.of());
  }

  @Test
  void anotherRegionOrServiceIsNotMeant() throws IOException {
    for (Supplier<Style> dialect : DIALECTS) {
      Style style = dialect.get();
      style.region = "eu-west-2";
      refused("Region 'local-1'", style, Map.of());
      style = dialect.get();
      style.service = "s3";
      refused("service 'api'", style, Map.of());
    }
  }

  @Test
  void clocksMayDifferByFiveMinutes() throws IOException {
    home.clock.stop();
    Instant now = home.clock.instant();
    for (Supplier<Style> dialect : DIALECTS) {
      for (int sign : new int[] {-1, 1}) {
        Style style = dialect.get();
        style.time = now.plusSeconds(sign * (4 * 60 + 59));
        assertEquals(200, call(style).status());
        style.time = now.plusSeconds(sign * (5 * 60 + 1));
        refused("five minutes", style, Map.of());
      }
    }
  }

  @Test
  void nonsenseIsNoSignature() throws IOException {
    for (String authorization :
        List.of(
            "Basic YTpi",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=A/20260101/local-1/api/osc4_request,"
                + " SignedHeaders=host;x-amz-date, Signature="
                + "0".repeat(64),
            "AWS4-HMAC-SHA512 Credential=A/20260101/local-1/api/aws4_request,"
                + " SignedHeaders=host, Signature="
                + "0".repeat(64))) {
      refused("", Style.aws4(), Map.of("Authorization", authorization));
    }
    Answer unsigned = home.client(null).call("ReadVolumes", "{}");
    assertEquals(401, unsigned.status());
    assertEquals(200, home.client(null).call("ReadRegions", "{}").status());
  }

  @Test
  void fourWrongTriesLockAKeyForLongerEachTime() throws IOException {
    Style wrong = Style.aws4();
    wrong.secret = "0".repeat(40);
    long[] minutes = {1, 2, 4, 8, 10, 10};
    for (long locked : minutes) {
      for (int i = 0; i < 4; i++) {
        assertEquals(401, call(wrong).status());
      }
      Answer answer = call(Style.aws4());
      assertEquals(401, answer.status());
      assertTrue(answer.body().toString().contains("locked"), answer.body().toString());
      // Another key does not notice.
      assertEquals(200, home.client("south").call("ReadVolumes", "{}").status());
      home.clock.move(Duration.ofMinutes(locked).minusSeconds(20));
      assertTrue(call(Style.aws4()).body().toString().contains("locked"));
      home.clock.move(Duration.ofSeconds(21));
    }
    assertEquals(200, call(Style.aws4()).status());
    for (int i = 0; i < 3; i++) {
      assertEquals(401, call(wrong).status());
      assertEquals(401, call(wrong).status());
      assertEquals(401, call(wrong).status());
      assertEquals(200, call(Style.aws4()).status(), "a right one begins anew");
    }
  }

  @Test
  void keysThatAreOffOrExpiredOrGoneAreNotValid() throws IOException {
    assertEquals(200, call(Style.aws4()).status());
    Accounts accounts = home.whole.accounts();
    String account = home.account("north");
    AccessKey key = accounts.key(account, home.key("north").key().id());
    accounts.updateKey(
        new AccessKey(key.id(), account, false, null, key.createdAt(), key.changedAt(), null));
    assertEquals(401, call(Style.aws4()).status());
    Instant soon = Instant.now().plusSeconds(60).truncatedTo(ChronoUnit.MILLIS);
    accounts.updateKey(
        new AccessKey(key.id(), account, true, null, key.createdAt(), key.changedAt(), soon));
    assertEquals(200, call(Style.aws4()).status());
    home.clock.move(Duration.ofSeconds(61));
    assertEquals(401, call(Style.aws4()).status());
    home.clock.move(Duration.ofSeconds(-61));
    assertEquals(200, call(Style.aws4()).status());
    accounts.deleteKey(account, key.id());
    assertEquals(401, call(Style.aws4()).status());
  }
}
