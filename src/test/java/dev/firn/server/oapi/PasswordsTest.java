package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.server.oapi.SigningClient.Answer;
import dev.firn.server.oapi.SigningClient.Style;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An email and a password get at access keys, and at nothing else. */
class PasswordsTest {
  private static final String EMAIL = "north@example.com";
  private static final String PASSWORD = "correct: horse é";

  @TempDir Path directory;
  private ServedHome home;

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
    home.whole.accounts().logins().set(home.account("north"), EMAIL, PASSWORD);
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  private Answer call(String email, String password, String action, String body)
      throws IOException {
    return call(email, password, action, body, home.clock.instant());
  }

  private Answer call(String email, String password, String action, String body, Instant time)
      throws IOException {
    Style style = Style.oscPython();
    style.time = time;
    return home.client(null)
        .call(action, body.replace('\'', '"'), style, authorization(email + ":" + password));
  }

  private static Map<String, String> authorization(String credentials) {
    return Map.of(
        "Authorization",
        "Basic "
            + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
  }

  private void refused(String words, Answer answer) {
    assertEquals(401, answer.status(), answer.body().toString());
    assertEquals("4120", answer.code());
    assertTrue(answer.body().toString().contains(words), answer.body().toString());
  }

  @Test
  void keysAreMadeReadChangedAndDeleted() throws IOException {
    Answer made = call(EMAIL, PASSWORD, "CreateAccessKey", "{}");
    assertEquals(200, made.status(), made.body().toString());
    String id = made.body().get("AccessKey").get("AccessKeyId").asText();
    Answer read = call(EMAIL.toUpperCase(), PASSWORD, "ReadAccessKeys", "{}");
    assertEquals(2, read.body().get("AccessKeys").size());
    Answer off =
        call(EMAIL, PASSWORD, "UpdateAccessKey", "{'AccessKeyId':'" + id + "','State':'INACTIVE'}");
    assertEquals("INACTIVE", off.body().get("AccessKey").get("State").asText());
    assertEquals(
        200, call(EMAIL, PASSWORD, "DeleteAccessKey", "{'AccessKeyId':'" + id + "'}").status());
    // They are the account's, and no other's.
    String other = home.key("south").key().id();
    assertEquals(
        "4000", call(EMAIL, PASSWORD, "DeleteAccessKey", "{'AccessKeyId':'" + other + "'}").code());
    JsonNode logs = home.ok("north", "ReadApiLogs", "{}").get("Logs");
    assertEquals(5, logs.size());
    logs.forEach(entry -> assertFalse(entry.has("QueryAccessKey"), entry.toString()));
    String told = logs.toString();
    assertFalse(told.contains(authorization(EMAIL + ":" + PASSWORD).get("Authorization")), told);
    assertFalse(told.contains("horse"), told);
  }

  @Test
  void noOtherActionTakesThem() throws IOException {
    Set<String> taken =
        Set.of("CreateAccessKey", "ReadAccessKeys", "UpdateAccessKey", "DeleteAccessKey");
    int others = 0;
    for (Action action : home.server.actions()) {
      if (action.proof() == Action.Proof.NONE) {
        continue;
      }
      assertEquals(
          taken.contains(action.name()),
          action.proof() == Action.Proof.SIGNATURE_OR_PASSWORD,
          action.name());
      if (!taken.contains(action.name())) {
        refused("no signature", call(EMAIL, PASSWORD, action.name(), "{}"));
        others++;
      }
    }
    assertEquals(26, others);
  }

  @Test
  void wrongOnesAreRefusedAlike() throws IOException {
    refused("email or the password", call(EMAIL, "wrong password", "ReadAccessKeys", "{}"));
    refused("email or the password", call("x@example.com", PASSWORD, "ReadAccessKeys", "{}"));
    refused("email or the password", call(EMAIL, "", "ReadAccessKeys", "{}"));
    for (String nonsense : List.of("", "no colon")) {
      Answer answer =
          home.client(null)
              .call("ReadAccessKeys", "{}", Style.oscPython(), authorization(nonsense));
      refused("no email and password", answer);
    }
    refused(
        "Base64",
        home.client(null)
            .call("ReadAccessKeys", "{}", Style.oscPython(), Map.of("Authorization", "Basic %%%")));
    home.whole.accounts().logins().remove(home.account("north"));
    refused("email or the password", call(EMAIL, PASSWORD, "ReadAccessKeys", "{}"));
  }

  @Test
  void theDateMustBeNearlyNow() throws IOException {
    Instant now = home.clock.instant();
    refused("five minutes", call(EMAIL, PASSWORD, "ReadAccessKeys", "{}", now.minusSeconds(302)));
    refused("five minutes", call(EMAIL, PASSWORD, "ReadAccessKeys", "{}", now.plusSeconds(330)));
    assertEquals(
        200, call(EMAIL, PASSWORD, "ReadAccessKeys", "{}", now.minusSeconds(290)).status());
    Answer undated =
        home.client(null)
            .call("ReadAccessKeys", "{}", Style.aws4(), authorization(EMAIL + ":" + PASSWORD));
    refused("X-Osc-Date is missing", undated);
  }

  @Test
  void fourWrongTriesLockAnEmailForLongerEachTime() throws IOException {
    for (int minutes : new int[] {1, 2, 4, 8, 10, 10}) {
      for (int i = 0; i < 4; i++) {
        refused("email or the password", call(EMAIL, "wrong" + i, "ReadAccessKeys", "{}"));
      }
      refused("locked", call(EMAIL, PASSWORD, "ReadAccessKeys", "{}"));
      refused("locked", call(EMAIL.toUpperCase(), PASSWORD, "ReadAccessKeys", "{}"));
      home.clock.move(Duration.ofMinutes(minutes).minusSeconds(20));
      refused("locked", call(EMAIL, PASSWORD, "ReadAccessKeys", "{}"));
      home.clock.move(Duration.ofSeconds(21));
    }
    assertEquals(200, call(EMAIL, PASSWORD, "ReadAccessKeys", "{}").status());
    // Its access keys were never locked.
    assertEquals(200, home.client("north").call("ReadVolumes", "{}").status());
  }

  @Test
  void noMoreThanFourAreTriedAtOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(12);
    try {
      List<Future<Answer>> answers = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        String wrong = "wrong password " + i;
        answers.add(threads.submit(() -> call(EMAIL, wrong, "ReadAccessKeys", "{}")));
      }
      int tried = 0;
      for (Future<Answer> answer : answers) {
        tried += answer.get().body().toString().contains("not valid") ? 1 : 0;
      }
      assertEquals(4, tried);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void passwordsAreKeptAsSaltedHashes() throws IOException {
    home.whole.accounts().logins().set(home.account("south"), "south@example.com", PASSWORD);
    home.close();
    StringBuilder kept = new StringBuilder();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        kept.append(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1));
      }
    }
    assertFalse(kept.toString().contains("horse"));
    List<String> hashes =
        kept.toString()
            .lines()
            .flatMap(
                line ->
                    java.util.regex.Pattern.compile("pbkdf2-sha512\\$210000\\$[^$]{24}")
                        .matcher(line)
                        .results()
                        .map(result -> result.group()))
            .distinct()
            .toList();
    assertTrue(hashes.size() >= 2, hashes.toString());
    assertNotEquals(hashes.get(0), hashes.get(1));
    home = new ServedHome(directory);
    assertEquals(200, call(EMAIL, PASSWORD, "ReadAccessKeys", "{}").status());
  }
}
