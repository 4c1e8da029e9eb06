package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.bucket.Transfers;
import dev.firn.region.Account;
import dev.firn.region.Accounts;
import dev.firn.region.Region;
import dev.firn.snapshot.SnapshotView;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** A real home behind a real server, with accounts; volumes are opened, but not mounted. */
final class ServedHome implements Closeable {
  final Region whole;
  final OapiServer server;
  final MovedClock clock = new MovedClock();
  private final Map<String, Accounts.NewAccessKey> keys = new HashMap<>();
  private final Opening mounts;
  final Transfers transfers;

  ServedHome(Path directory) throws IOException {
    this(directory, new OapiOptions(loopback(), loopback(), null, null, false));
  }

  ServedHome(Path directory, OapiOptions options) throws IOException {
    whole = Region.open(directory.resolve("home"));
    mounts = new Opening(whole, directory.resolve("volumes"));
    transfers =
        new Transfers(
            whole,
            (files, readOnly) -> {
              throw new IOException("there is no mount in this test");
            });
    transfers.resume();
    server = OapiServer.start(whole, mounts, transfers, options, clock);
  }

  /** Names a bucket service, where nobody is: exports to it are noted, and fail. */
  void useBuckets() throws IOException {
    Files.writeString(
        whole.home().resolve("firn.properties"), "bucket.endpoint=http://127.0.0.1:9\n");
  }

  /** The id of a task. */
  String exportTask(String account, String kind, String id) throws IOException {
    return ok(
            account,
            "Create" + kind + "ExportTask",
            "{'%sId':'%s','OsuExport':{'DiskImageFormat':'raw','OsuBucket':'b'}}"
                .formatted(kind, id))
        .get(kind + "ExportTask")
        .get("TaskId")
        .asText();
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  URI endpoint() {
    return URI.create(server.url().replace("/api/v1", ""));
  }

  /** An account with an access key, made when first asked for. */
  String account(String name) throws IOException {
    key(name);
    return keys.get(name).key().accountId();
  }

  Accounts.NewAccessKey key(String name) throws IOException {
    if (!keys.containsKey(name)) {
      Account account = whole.accounts().create(name);
      keys.put(name, whole.accounts().createKey(account.id(), null, null));
    }
    return keys.get(name);
  }

  /** A client of an account; null: of nobody. */
  SigningClient client(String name) throws IOException {
    return new SigningClient(endpoint(), name == null ? null : key(name), clock);
  }

  /** The answer to a call that must succeed; single quotes stand for double ones. */
  JsonNode ok(String account, String action, String body) throws IOException {
    SigningClient.Answer answer = client(account).call(action, body.replace('\'', '"'));
    assertEquals(200, answer.status(), action + " " + body + ": " + answer.body());
    assertTrue(
        answer.body().path("ResponseContext").path("RequestId").asText().matches("[0-9a-f-]{36}"));
    return answer.body();
  }

  /** A call that must fail with a code of the API and an HTTP status. */
  void fails(int status, String code, String account, String action, String body)
      throws IOException {
    SigningClient.Answer answer = client(account).call(action, body.replace('\'', '"'));
    String what = action + " " + body + ": " + answer.body();
    assertEquals(code, answer.code(), what);
    assertEquals(status, answer.status(), what);
    JsonNode error = answer.body().get("Errors").get(0);
    assertTrue(error.get("Type").asText().matches("[A-Z][A-Za-z (]*\\)?"), what);
    assertTrue(error.get("Details").asText().length() > 5, what);
    assertTrue(!error.get("Details").asText().contains("firn "), what);
    assertTrue(answer.body().path("ResponseContext").has("RequestId"), what);
  }

  String volume(String account, int gib) throws IOException {
    return ok(account, "CreateVolume", "{'SubregionName':'local-1a','Size':" + gib + "}")
        .get("Volume")
        .get("VolumeId")
        .asText();
  }

  /** A completed snapshot. */
  String snapshot(String account, String volume) throws IOException {
    String id =
        ok(account, "CreateSnapshot", "{'VolumeId':'" + volume + "','Description':'text'}")
            .get("Snapshot")
            .get("SnapshotId")
            .asText();
    awaitCompleted(account, id);
    return id;
  }

  void awaitCompleted(String account, String id) throws IOException {
    long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (true) {
      JsonNode found =
          ok(account, "ReadSnapshots", "{'Filters':{'SnapshotIds':['" + id + "']}}")
              .get("Snapshots");
      assertEquals(1, found.size(), id);
      if (found.get(0).get("State").asText().equals("completed")) {
        assertEquals(100, found.get(0).get("Progress").asInt());
        return;
      }
      assertTrue(System.nanoTime() < until, found.toString());
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    transfers.close();
    mounts.close();
    whole.close();
  }

  /** The time of the machine, moved by a test. */
  static final class MovedClock extends Clock {
    private final AtomicReference<Duration> offset = new AtomicReference<>(Duration.ZERO);
    private volatile Instant stopped;

    /** From now on it is moved only, and stands at a whole second. */
    void stop() {
      stopped = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }

    void move(Duration by) {
      offset.updateAndGet(before -> before.plus(by));
    }

    @Override
    public Instant instant() {
      return (stopped == null ? Instant.now() : stopped).plus(offset.get());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      throw new UnsupportedOperationException();
    }
  }

  /** Volumes that are open as if they were mounted. */
  private static final class Opening implements Attachments, Closeable {
    private final Region region;
    private final Path directory;
    private final Map<Path, String> volumes = new ConcurrentHashMap<>();
    private final Map<Path, SnapshotView> views = new ConcurrentHashMap<>();

    Opening(Region region, Path directory) {
      this.region = region;
      this.directory = directory;
    }

    @Override
    public Path directory() {
      return directory;
    }

    @Override
    public void mount(String volumeId, Path place) throws IOException {
      views.put(place, region.openVolume(volumeId, false));
      volumes.put(place, volumeId);
    }

    @Override
    public void unmount(Path place, boolean force) throws IOException {
      if (volumes.remove(place) == null) {
        throw FirnException.notFound("nothing is mounted at %s", place);
      }
      views.remove(place).close();
    }

    @Override
    public List<Path> directoriesOf(String volumeId) {
      return volumes.entrySet().stream()
          .filter(entry -> entry.getValue().equals(volumeId))
          .map(Map.Entry::getKey)
          .toList();
    }

    @Override
    public void close() throws IOException {
      for (Path place : List.copyOf(volumes.keySet())) {
        unmount(place, true);
      }
    }
  }
}
