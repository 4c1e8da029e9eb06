package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.FirnException;
import dev.firn.region.Accounts;
import dev.firn.region.Quota;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each error that the API can tell is provoked, by a request unless that would take a full disk.
 */
class ProblemsTest {
  private static final String IMAGE =
      "'ImageName':'image','RootDeviceName':'/dev/sda1','BlockDeviceMappings':[{'DeviceName':"
          + "'/dev/sda1','Bsu':{%s}}]";

  @TempDir Path directory;
  private ServedHome home;
  private String volume;
  private String snapshot;
  private final Map<Problem, String[]> calls = new EnumMap<>(Problem.class);
  private final EnumSet<Problem> provoked = EnumSet.noneOf(Problem.class);
  private CompletableFuture<Void> stopping;

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
    volume = home.volume("north", 2);
    snapshot = home.snapshot("north", volume);
    home.account("south");
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  private void call(Problem problem, String action, String body) {
    assertNull(calls.put(problem, new String[] {action, body}));
  }

  private static String image(String volume) {
    return "{" + IMAGE.formatted(volume) + "}";
  }

  /** What one request provokes that is sent in order and signed. */
  private void fillCalls() throws IOException {
    String ofVolume = "{'VolumeId':'" + volume + "'}";
    String tags = "'Tags':[{'Key':'%s','Value':'%s'}]";
    String shared = "'PermissionsToCreateVolume':{'Additions':{'AccountIds':['%s']}}";
    String none = "vol-00000000";
    String link = "{'VolumeId':'%s','VmId':'i-00000001','DeviceName':'%s'}";
    String linked = home.volume("north", 1);
    home.ok("north", "LinkVolume", link.formatted(linked, "/dev/sdb"));
    String kept = home.snapshot("north", volume);
    home.ok("north", "CreateImage", image("'SnapshotId':'" + kept + "'"));
    String create = "{'SubregionName':'local-1a','Size':%s}";
    home.ok("north", "CreateVolume", create.formatted("1,'ClientToken':'t'"));

    call(Problem.NO_SUCH_ACTION, "RunVms", "{}");
    call(Problem.BODY_TOO_LARGE, "ReadVolumes", "{'x':'" + "y".repeat(1 << 20) + "'}");
    call(
        Problem.NOT_OFFERED,
        "CreateSnapshotExportTask",
        "{'SnapshotId':'" + snapshot + "','OsuExport':{'DiskImageFormat':'raw','OsuBucket':'b'}}");
    call(
        Problem.ACCESS_KEY_NOT_FOUND,
        "DeleteAccessKey",
        "{'AccessKeyId':'" + home.key("south").key().id() + "'}");
    call(Problem.INVALID_BLOCK_DEVICE_MAPPING, "CreateImage", image(""));
    call(Problem.INVALID_DEVICE_NAME, "LinkVolume", link.formatted(volume, "sdb"));
    call(Problem.INVALID_FILTER, "ReadVolumes", "{'Filters':{'Colours':['red']}}");
    call(Problem.INVALID_IMAGE_NAME, "CreateImage", "{'ImageName':'a'}");
    call(Problem.INVALID_IOPS, "CreateVolume", create.formatted("1,'VolumeType':'io1','Iops':301"));
    call(Problem.INVALID_PARAMETER, "ReadVolumes", "{'Colour':'red'}");
    call(Problem.INVALID_PARAMETER_SET, "CreateVolume", create.formatted("1,'Iops':100"));
    call(Problem.INVALID_PARAMETER_VALUE, "ReadVolumes", "{'ResultsPerPage':0}");
    call(Problem.INVALID_ROOT_MAPPING, "CreateImage", image("'VolumeSize':1"));
    call(
        Problem.INVALID_TAG_KEY,
        "CreateTags",
        "{'ResourceIds':['" + volume + "']," + tags.formatted("", "v") + "}");
    call(
        Problem.INVALID_TAG_VALUE_LENGTH,
        "CreateTags",
        "{'ResourceIds':['" + volume + "']," + tags.formatted("k", "v".repeat(256)) + "}");
    call(Problem.INVALID_TYPE, "CreateVolume", create.formatted("1,'VolumeType':'fast'"));
    call(Problem.INVALID_VOLUME_SIZE, "UpdateVolume", "{'VolumeId':'" + volume + "','Size':1}");
    call(Problem.TOKEN_MISMATCH, "CreateVolume", create.formatted("2,'ClientToken':'t'"));
    call(Problem.INVALID_ID_PREFIX, "DeleteVolume", "{'VolumeId':'snap-00000000'}");
    call(Problem.MALFORMED_ID, "DeleteVolume", "{'VolumeId':'vol-0'}");
    call(Problem.INVALID_LENGTH, "CreateAccessKey", "{'Tag':'" + "t".repeat(256) + "'}");
    call(Problem.INVALID_PARAMETER_TYPE, "ReadVolumes", "{'DryRun':'yes'}");
    call(
        Problem.INVALID_INTERVAL,
        "ReadApiLogs",
        "{'Filters':{'QueryDateAfter':'2026-01-02','QueryDateBefore':'2026-01-01'}}");
    call(Problem.MISSING_PARAMETER, "DeleteVolume", "{}");
    call(Problem.NO_SUCH_IMAGE, "DeleteImage", "{'ImageId':'ami-00000000'}");
    call(
        Problem.NO_SUCH_ACCOUNT,
        "UpdateSnapshot",
        "{'SnapshotId':'" + snapshot + "'," + shared.formatted("999999999999") + "}");
    call(
        Problem.NO_SUCH_REGION,
        "CreateSnapshot",
        "{'SourceSnapshotId':'" + snapshot + "','SourceRegionName':'elsewhere'}");
    call(Problem.NO_SUCH_SUBREGION, "CreateVolume", "{'SubregionName':'local-1z','Size':1}");
    call(
        Problem.NO_SUCH_RESOURCE,
        "CreateTags",
        "{'ResourceIds':['" + none + "']," + tags.formatted("k", "v") + "}");
    call(Problem.NO_SUCH_SNAPSHOT, "DeleteSnapshot", "{'SnapshotId':'snap-00000000'}");
    call(Problem.NO_SUCH_VM, "CreateImage", "{'VmId':'i-00000000'}");
    call(Problem.NO_SUCH_VOLUME, "DeleteVolume", "{'VolumeId':'" + none + "'}");
    call(Problem.NO_SUCH_USER, "CreateAccessKey", "{'UserName':'somebody'}");
    call(Problem.INVALID_STATE, "DeleteSnapshot", "{'SnapshotId':'" + kept + "'}");
    call(Problem.INVALID_VOLUME_STATE, "DeleteVolume", "{'VolumeId':'" + linked + "'}");
    call(Problem.DEVICE_IN_USE, "LinkVolume", link.formatted(volume, "/dev/sdb"));
    call(Problem.DUPLICATE_NAME, "CreateImage", image("'SnapshotId':'" + snapshot + "'"));
    call(Problem.VOLUME_NOT_IN_USE, "UnlinkVolume", ofVolume);
  }

  /** Sends a request that must fail so. */
  private void provoke(Problem problem, String account, String action, String body)
      throws IOException {
    home.fails(problem.httpStatus, problem.code, account, action, body);
    provoked.add(problem);
  }

  private void provokeBy(Problem problem, String answer) {
    assertTrue(answer.startsWith("HTTP/1.1 " + problem.httpStatus + " "), answer);
    assertTrue(answer.contains("\"Code\":\"" + problem.code + "\""), answer);
    provoked.add(problem);
  }

  private Socket connected() throws IOException {
    return new Socket(home.endpoint().getHost(), home.endpoint().getPort());
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** The rest of what a server sends before it hangs up, as it is asked to. */
  private static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static final String CLOSING = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
  private static final String SLOW =
      "POST /ReadVolumes" + CLOSING + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";

  @Test
  void eachIsProvoked() throws Exception {
    fillCalls();
    try (Socket slow = connected();
        Socket get = connected()) {
      send(slow, SLOW);
      CompletableFuture<String> late = CompletableFuture.supplyAsync(() -> drip(slow));
      send(get, "GET /ReadVolumes" + CLOSING + "\r\n");
      provokeBy(Problem.METHOD_NOT_ALLOWED, rest(get));
      for (Map.Entry<Problem, String[]> call : calls.entrySet()) {
        provoke(call.getKey(), "north", call.getValue()[0], call.getValue()[1]);
      }
      provoke(Problem.NOT_AUTHENTICATED, null, "ReadVolumes", "{}");
      home.ok(
          "north",
          "UpdateSnapshot",
          "{'SnapshotId':'"
              + snapshot
              + "','PermissionsToCreateVolume':{'Additions':{'GlobalPermission':true}}}");
      provoke(
          Problem.NOT_PERMITTED, "south", "DeleteSnapshot", "{'SnapshotId':'" + snapshot + "'}");
      provokeQuotas();
      provokeBy(Problem.TOO_SLOW, late.get());
    }
    FirnException full = FirnException.noSpace("the disk is full");
    provoked.add(OapiException.of(full).problem());
    provokeUnavailable();
    provokeInternal();
    assertEquals(EnumSet.allOf(Problem.class), provoked);
  }

  /** Keeps a request's body from ending; answers the answer. */
  private static String drip(Socket socket) {
    try {
      while (socket.getInputStream().available() == 0) {
        send(socket, "1\r\n \r\n");
        TimeUnit.MILLISECONDS.sleep(200);
      }
      return rest(socket);
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void provokeQuotas() throws Exception {
    String create = "{'SubregionName':'local-1a','Size':1}";
    String take = "{'VolumeId':'" + volume + "'}";
    String tag =
        "{'ResourceIds':['" + volume + "'],'Tags':[{'Key':'a','Value':''},{'Key':'b','Value':''}]}";
    provokeQuota(Quota.VOLUMES, Problem.TOO_MANY_VOLUMES, "CreateVolume", create);
    provokeQuota(Quota.VOLUME_GIB, Problem.TOO_MUCH_VOLUME_SIZE, "CreateVolume", create);
    provokeQuota(Quota.SNAPSHOTS, Problem.TOO_MANY_SNAPSHOTS, "CreateSnapshot", take);
    provokeQuota(Quota.TAGS, Problem.TOO_MANY_TAGS, "CreateTags", tag);
    // As if one took its time.
    setStates("pending");
    provokeQuota(
        Quota.CONCURRENT_SNAPSHOTS, Problem.TOO_MANY_CONCURRENT_SNAPSHOTS, "CreateSnapshot", take);
    setStates("completed");
  }

  private void provokeQuota(Quota quota, Problem problem, String action, String body)
      throws IOException {
    home.whole.accounts().setQuota(home.account("north"), quota, 1);
    provoke(problem, "north", action, body);
    home.whole.accounts().setQuota(home.account("north"), quota, 0);
  }

  private void setStates(String state) throws Exception {
    try (Connection catalog =
            DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("home/catalog.db"));
        PreparedStatement update = catalog.prepareStatement("UPDATE snapshots SET state = ?")) {
      update.setString(1, state);
      update.executeUpdate();
    }
  }

  /** By a server that stops, and still has a call to wait for. */
  private void provokeUnavailable() throws Exception {
    List<Socket> begun = new ArrayList<>();
    try (Socket active = connected()) {
      send(active, SLOW);
      for (int i = 0; i < 50; i++) {
        begun.add(connected());
        send(begun.get(i), "POST /ReadVolumes" + CLOSING);
      }
      // A server that does not know of the call would not wait for it.
      awaitTold("/metrics", "firn_api_requests_running 1.0");
      stopping = CompletableFuture.runAsync(home.server::close);
      awaitTold("/health", "stopping");
      String answer = "";
      for (int i = 0; i < 50 && !answer.contains(" 503 "); i++) {
        send(begun.get(i), "\r\n");
        answer = rest(begun.get(i));
      }
      provokeBy(Problem.UNAVAILABLE, answer);
    } finally {
      for (Socket each : begun) {
        each.close();
      }
    }
    stopping.get();
  }

  private void awaitTold(String path, String words) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(home.server.metricsUrl() + path)).build();
    HttpClient client = HttpClient.newHttpClient();
    while (!client.send(request, HttpResponse.BodyHandlers.ofString()).body().contains(words)) {
      Thread.onSpinWait();
    }
  }

  private void provokeInternal() throws IOException {
    Accounts.NewAccessKey key = home.key("north");
    home.whole.close();
    OapiOptions options = new OapiOptions(ServedHome.loopback(), null, null, null, false);
    try (OapiServer server =
        OapiServer.start(home.whole, null, home.transfers, options, home.clock)) {
      URI endpoint = URI.create(server.url().replace("/api/v1", ""));
      SigningClient.Answer answer =
          new SigningClient(endpoint, key, home.clock).call("ReadVolumes", "{}");
      assertEquals(Problem.INTERNAL.httpStatus, answer.status(), answer.body().toString());
      assertEquals(Problem.INTERNAL.code, answer.code());
      provoked.add(Problem.INTERNAL);
    }
  }
}
