package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Server and client together, over a real socket. */
class ApiTest {
  @TempDir Path directory;

  private final Actions actions = new Actions();
  private ApiServer server;

  record None() {}

  record Greeting(String name, Long times, boolean loud) {
    Greeting {
      Actions.required("name", name);
    }
  }

  record Amount(long bytes) {}

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void aPlainActionTakesAndAnswersAnObject() throws IOException {
    actions.answer(
        "Greet", Greeting.class, p -> Map.of("text", "Grüße, " + p.name() + p.times() + p.loud()));
    JsonNode answer =
        serve().call("Greet", parameters().put("name", "Zoë").put("times", 3).put("loud", true));
    assertEquals("Grüße, Zoë3true", answer.get("text").asText());
  }

  @Test
  void timesAndPathsAreText() throws IOException {
    record Answer(Instant at, Path file, String none) {}
    Instant at = Instant.parse("2026-02-03T04:05:06.789Z");
    actions.answer("Read", None.class, none -> new Answer(at, Path.of("/a b"), null));
    assertEquals(
        "{\"at\":\"2026-02-03T04:05:06.789Z\",\"file\":\"/a b\",\"none\":null}",
        serve().call("Read", parameters()).toString());
  }

  @Test
  void unknownAndMissingAndWrongParametersAreUsageErrors() throws IOException {
    actions.answer("Greet", Greeting.class, p -> Map.of());
    ApiClient client = serve();
    assertFails(
        ErrorKind.USAGE,
        "unknown parameter 'nme'",
        client,
        parameters().put("name", "x").put("nme", "x"));
    assertFails(ErrorKind.USAGE, "'name' is missing", client, parameters());
    assertFails(
        ErrorKind.USAGE, "malformed", client, parameters().put("name", "x").put("times", "3"));
  }

  @Test
  void anUnknownActionIsNotFound() throws IOException {
    ApiClient client = serve();
    FirnException e = assertThrows(FirnException.class, () -> client.call("Fly", parameters()));
    assertEquals(ErrorKind.NOT_FOUND, e.kind());
    assertTrue(e.getMessage().contains("'Fly'"), e.getMessage());
  }

  @ParameterizedTest
  @EnumSource(ErrorKind.class)
  void everyKindOfErrorArrivesAsItWas(ErrorKind kind) throws IOException {
    actions.answer(
        "Fail",
        None.class,
        none -> {
          throw new FirnException(kind, "no 'ü' here\nnor there");
        });
    ApiClient client = serve();
    FirnException e = assertThrows(FirnException.class, () -> client.call("Fail", parameters()));
    assertEquals(kind, e.kind());
    assertEquals("no 'ü' here nor there", e.getMessage());
    assertNull(e.getCause());
  }

  @Test
  void theTraceOfAFailureComesOnlyWhenAskedFor() throws IOException {
    actions.answer(
        "Fail",
        None.class,
        none -> {
          throw new IllegalStateException("broken");
        });
    serve();
    ApiClient asking = new ApiClient(socket(), true);
    FirnException e = assertThrows(FirnException.class, () -> asking.call("Fail", parameters()));
    assertEquals(ErrorKind.FAILED, e.kind());
    assertTrue(e.getMessage().contains("IllegalStateException: broken"), e.getMessage());
    assertNotNull(e.getCause());
    assertTrue(e.getCause().getMessage().contains("at dev.firn"), e.getCause().getMessage());
  }

  @Test
  void longWorkTellsItsItemsAndItsResult() throws IOException {
    actions.work(
        "List",
        None.class,
        (none, events) -> {
          events.progress(1, 2, "bytes");
          for (int i = 0; i < 10_000; i++) {
            events.item(Map.of("number", i));
          }
          return Map.of("count", 10_000);
        });
    List<Integer> numbers = new ArrayList<>();
    List<String> progress = new ArrayList<>();
    JsonNode result =
        serve()
            .work(
                "List",
                parameters(),
                new ApiClient.Listener() {
                  @Override
                  public void progress(long done, long total, String unit) {
                    progress.add(done + "/" + total + " " + unit);
                  }

                  @Override
                  public void item(JsonNode item) {
                    numbers.add(item.get("number").asInt());
                  }
                });
    assertEquals(10_000, result.get("count").asInt());
    assertEquals(10_000, numbers.size());
    assertEquals(9_999, numbers.get(9_999));
    assertEquals(List.of("1/2 bytes"), progress);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void longWorkMayFailBeforeAndAfterItsFirstLine(boolean after) throws IOException {
    actions.work(
        "List",
        None.class,
        (none, events) -> {
          if (after) {
            events.item(Map.of("number", 1));
          }
          throw FirnException.corrupt("rotten");
        });
    ApiClient client = serve();
    FirnException e =
        assertThrows(
            FirnException.class,
            () -> client.work("List", parameters(), new ApiClient.Listener() {}));
    assertEquals(ErrorKind.CORRUPT, e.kind());
    assertEquals("rotten", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 200_000, 5_000_000})
  void aDownloadIsWhatTheHandlerWrote(long bytes) throws IOException {
    byte[] content = content(bytes);
    actions.download(
        "Get",
        Amount.class,
        (p, output) -> {
          output.write(content);
          return Map.of("bytes", p.bytes());
        });
    ByteArrayOutputStream got = new ByteArrayOutputStream();
    JsonNode result = serve().download("Get", parameters().put("bytes", bytes), got);
    assertEquals(bytes, result.get("bytes").asLong());
    assertArrayEquals(content, got.toByteArray());
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 5_000_000})
  void aDownloadThatFailsSaysSoHoweverFarItCame(long bytes) throws IOException {
    actions.download(
        "Get",
        None.class,
        (none, output) -> {
          output.write(content(bytes));
          throw FirnException.noSpace("voll, überall");
        });
    ApiClient client = serve();
    FirnException e =
        assertThrows(
            FirnException.class,
            () -> client.download("Get", parameters(), new ByteArrayOutputStream()));
    assertEquals(ErrorKind.NO_SPACE, e.kind());
    assertEquals("voll, überall", e.getMessage());
  }

  @Test
  void anUploadArrivesWhole() throws IOException {
    byte[] content = content(3_000_000);
    actions.upload(
        "Put",
        Greeting.class,
        (p, input, events) -> {
          assertArrayEquals(content, input.readAllBytes());
          return Map.of("name", p.name());
        });
    JsonNode result =
        serve()
            .upload(
                "Put",
                parameters().put("name", "Zoë"),
                new ByteArrayInputStream(content),
                new ApiClient.Listener() {});
    assertEquals("Zoë", result.get("name").asText());
  }

  @Test
  void anUploadThatIsRefusedEarlyTellsWhyAndStopsSending() throws IOException {
    actions.upload(
        "Put",
        None.class,
        (none, input, events) -> {
          throw FirnException.corrupt("not a package");
        });
    ApiClient client = serve();
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 'x';
          }

          @Override
          public int read(byte[] bytes, int offset, int length) {
            return length;
          }
        };
    FirnException e =
        assertThrows(
            FirnException.class,
            () -> client.upload("Put", parameters(), endless, new ApiClient.Listener() {}));
    assertEquals(ErrorKind.CORRUPT, e.kind());
  }

  @Test
  void onlyTheOwnerCanUseTheSocket() throws IOException {
    serve();
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent())));
  }

  @Test
  void aSocketLeftByADeadProcessIsReplaced() throws IOException {
    serve().isServed();
    server.close();
    Files.createFile(socket());
    server = ApiServer.start(socket(), actions);
    assertTrue(new ApiClient(socket(), false).isServed());
  }

  @Test
  void aSocketPathThatLinuxCannotHoldIsAUsageError() {
    Path tooDeep = directory.resolve("x".repeat(120)).resolve("firn.sock");
    FirnException e = assertThrows(FirnException.class, () -> ApiServer.start(tooDeep, actions));
    assertEquals(ErrorKind.USAGE, e.kind());
  }

  @Test
  void stoppingWaitsForCallsAndTellsLongOnesToEnd() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    actions.work(
        "Work",
        None.class,
        (none, events) -> {
          begun.countDown();
          try {
            while (true) {
              events.progress(1, -1, "bytes");
              Thread.onSpinWait();
            }
          } catch (IOException | RuntimeException e) {
            ended.complete(e);
            throw e;
          }
        });
    ApiClient client = serve();
    CompletableFuture<Throwable> told =
        CompletableFuture.supplyAsync(
            () ->
                assertThrows(
                    FirnException.class,
                    () -> client.work("Work", parameters(), new ApiClient.Listener() {})));
    begun.await();
    server.close();
    assertTrue(ended.isDone());
    assertTrue(told.get().getMessage().contains("stopping"), told.get().getMessage());
    assertFalse(client.isServed());
    assertFalse(Files.exists(socket()));
  }

  @Test
  void workEndsWhenItsClientGoes() throws Exception {
    CompletableFuture<Throwable> ended = new CompletableFuture<>();
    actions.work(
        "Work",
        None.class,
        (none, events) -> {
          try {
            while (true) {
              events.item(Map.of("number", 1));
            }
          } catch (IOException | RuntimeException e) {
            ended.complete(e);
            throw e;
          }
        });
    serve();
    try (HttpCall call = new HttpCall(socket())) {
      call.post("/v1/Work", Map.of(), new byte[0]);
      assertEquals(200, call.status());
    }
    assertNotNull(ended.get());
  }

  @Test
  void anAnswerThatBreaksOffIsNoWholeAnswer() throws Exception {
    String half = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n";
    try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listening.bind(UnixDomainSocketAddress.of(socket()));
      CompletableFuture<Void> answering =
          CompletableFuture.runAsync(
              () -> {
                try (SocketChannel client = listening.accept()) {
                  // All of it: a request cut off would fail in the client's write already.
                  ByteBuffer request = ByteBuffer.allocate(4096);
                  do {
                    client.read(request);
                  } while (request.get(request.position() - 1) != '}');
                  client.write(ByteBuffer.wrap(half.getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      ApiClient client = new ApiClient(socket(), false);
      assertThrows(
          EOFException.class,
          () -> client.download("Get", parameters(), new ByteArrayOutputStream()));
      answering.get();
    }
  }

  private ApiClient serve() throws IOException {
    server = ApiServer.start(socket(), actions);
    return new ApiClient(socket(), false);
  }

  private Path socket() {
    return directory.resolve("s");
  }

  private static ObjectNode parameters() {
    return ApiClient.parameters();
  }

  private static void assertFails(
      ErrorKind kind, String part, ApiClient client, ObjectNode parameters) {
    FirnException e = assertThrows(FirnException.class, () -> client.call("Greet", parameters));
    assertEquals(kind, e.kind());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  private static byte[] content(long bytes) {
    byte[] content = new byte[(int) bytes];
    for (int i = 0; i < content.length; i++) {
      content[i] = (byte) (i * 31 >> 3);
    }
    return content;
  }
}
