package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.bucket.S3Service;
import dev.firn.cli.FirnCommand;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import io.github.outscale.osc_sdk_java.client.ApiException;
import io.github.outscale.osc_sdk_java.client.api.ImageApi;
import io.github.outscale.osc_sdk_java.client.api.SnapshotApi;
import io.github.outscale.osc_sdk_java.client.model.BlockDeviceMappingImage;
import io.github.outscale.osc_sdk_java.client.model.BsuToCreate;
import io.github.outscale.osc_sdk_java.client.model.CreateImageExportTaskRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateImageRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateSnapshotExportTaskRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteImageRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.FiltersExportTask;
import io.github.outscale.osc_sdk_java.client.model.FiltersImage;
import io.github.outscale.osc_sdk_java.client.model.FiltersSnapshot;
import io.github.outscale.osc_sdk_java.client.model.Image;
import io.github.outscale.osc_sdk_java.client.model.ImageExportTask;
import io.github.outscale.osc_sdk_java.client.model.OsuApiKey;
import io.github.outscale.osc_sdk_java.client.model.OsuExportToCreate;
import io.github.outscale.osc_sdk_java.client.model.ReadImageExportTasksRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadImagesRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotExportTasksRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotsRequest;
import io.github.outscale.osc_sdk_java.client.model.Snapshot;
import io.github.outscale.osc_sdk_java.client.model.SnapshotExportTask;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;
import org.jclouds.blobstore.options.ListContainerOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Two Regions on one machine, a real S3 server, real mounts, OUTSCALE's own client. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BucketsIT {
  private static final long WAIT_NANOS = 120_000_000_000L;
  private static final long SEED = Long.getLong("firn.seed", System.nanoTime());
  private static final int DISK_BYTES = 24 << 20;

  /** Of all tests: starting what they need takes longer than they do. */
  @TempDir static Path directory;

  private S3Service service;
  private ServedApi north;
  private ServedApi south;
  private ApiClient ofNorth;
  private ApiClient ofSouth;
  private String southAccount;

  @BeforeAll
  void serve() throws IOException {
    System.out.println("firn.seed=" + SEED);
    service = new S3Service(directory.resolve("objects"));
    service.createBucket("box");
    north = served("north-1");
    south = served("south-1");
    ofNorth = north.client("100000000001");
    southAccount = south.account("another");
    ofSouth = south.client(southAccount);
  }

  @BeforeEach
  void begin() throws IOException {
    service.store().clearContainer("box");
    settings(north, service.settings());
    settings(south, service.settings());
  }

  private ServedApi served(String region) throws IOException {
    ServedApi api = new ServedApi(Files.createDirectory(directory.resolve(region)), 4, region);
    api.firn
        .with("AWS_ACCESS_KEY_ID", S3Service.KEY)
        .with("AWS_SECRET_ACCESS_KEY", S3Service.SECRET)
        .with("AWS_ENDPOINT_URL", service.endpoint().toString());
    return api;
  }

  private static void settings(ServedApi api, String text) throws IOException {
    Path file = api.firn.home().resolve("firn.properties");
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
  }

  @AfterAll
  void stop() throws Exception {
    try {
      north.close();
    } finally {
      try {
        south.close();
      } finally {
        service.close();
      }
    }
  }

  /** A block volume with some bytes; answers them. */
  private byte[] disk(ServedApi api, String name, int salt) throws IOException {
    api.firn
        .run("volume", "create", name, "--kind", "block", "--size", DISK_BYTES + "")
        .succeeded();
    return write(api, name, salt);
  }

  private static byte[] write(ServedApi api, String name, int salt) throws IOException {
    Path mounted = api.firn.mountPoint("at-" + name);
    api.firn.run("mount", name, mounted).succeeded();
    byte[] content = new byte[3 << 20];
    new Random(SEED + salt).nextBytes(content);
    try (FileChannel channel =
        FileChannel.open(mounted.resolve("disk.raw"), StandardOpenOption.WRITE)) {
      channel.write(java.nio.ByteBuffer.wrap(content), 5L << 20);
    }
    byte[] all = Files.readAllBytes(mounted.resolve("disk.raw"));
    api.firn.run("umount", mounted).succeeded();
    return all;
  }

  /** All bytes of the disk that a snapshot is. */
  private static byte[] bytes(ServedApi api, String account, String snapshot) throws IOException {
    Path mounted = api.firn.mountPoint("of-" + snapshot);
    api.firn.with("FIRN_ACCOUNT", account);
    api.firn.run("mount", snapshot, mounted).succeeded();
    byte[] all = Files.readAllBytes(mounted.resolve("disk.raw"));
    api.firn.run("umount", mounted).succeeded();
    api.firn.with("FIRN_ACCOUNT", null);
    return all;
  }

  private static OsuExportToCreate target(String format, String prefix) {
    return new OsuExportToCreate()
        .diskImageFormat(format)
        .osuBucket("box")
        .osuPrefix(prefix)
        .osuApiKey(new OsuApiKey().apiKeyId(S3Service.KEY).secretKey(S3Service.SECRET));
  }

  private static SnapshotExportTask export(ApiClient client, String snapshot, String format)
      throws ApiException {
    return new SnapshotApi(client)
        .createSnapshotExportTask(
            new CreateSnapshotExportTaskRequest()
                .snapshotId(snapshot)
                .osuExport(target(format, "exports/")))
        .getSnapshotExportTask();
  }

  private static SnapshotExportTask read(ApiClient client, String task) throws ApiException {
    return new SnapshotApi(client)
        .readSnapshotExportTasks(
            new ReadSnapshotExportTasksRequest()
                .filters(new FiltersExportTask().addTaskIdsItem(task)))
        .getSnapshotExportTasks()
        .get(0);
  }

  /** Looks at something as it is now. */
  private interface Look<T> {
    T now() throws ApiException;
  }

  /** What is found when it has left the states in which it is on its way. */
  private static <T> T awaitEnd(List<String> onItsWay, Look<T> look, Function<T, String> state)
      throws Exception {
    long until = System.nanoTime() + WAIT_NANOS;
    while (true) {
      T found = look.now();
      if (!onItsWay.contains(state.apply(found))) {
        return found;
      }
      assertTrue(System.nanoTime() < until, found.toString());
      Thread.sleep(20);
    }
  }

  private static SnapshotExportTask awaitEnd(ApiClient client, String task) throws Exception {
    return awaitEnd(
        List.of("pending", "active"), () -> read(client, task), SnapshotExportTask::getState);
  }

  private static Snapshot snapshot(ApiClient client, String id) throws ApiException {
    return new SnapshotApi(client)
        .readSnapshots(
            new ReadSnapshotsRequest().filters(new FiltersSnapshot().addSnapshotIdsItem(id)))
        .getSnapshots()
        .get(0);
  }

  private static Snapshot awaitImport(ApiClient client, String id) throws Exception {
    return awaitEnd(List.of("in-queue", "pending"), () -> snapshot(client, id), Snapshot::getState);
  }

  private static String fetch(ApiClient client, String url, long sizeBytes) throws ApiException {
    return new SnapshotApi(client)
        .createSnapshot(new CreateSnapshotRequest().fileLocation(url).snapshotSize(sizeBytes))
        .getSnapshot()
        .getSnapshotId();
  }

  private String presigned(String key) {
    return north.firn.run("presign", "s3://box/" + key, "--expires", "600").line();
  }

  private byte[] object(String key) throws IOException {
    try (InputStream in = service.store().getBlob("box", key).getPayload().openStream()) {
      return in.readAllBytes();
    }
  }

  private List<String> objects() {
    List<String> names = new ArrayList<>();
    service
        .store()
        .list("box", ListContainerOptions.Builder.recursive())
        .forEach(each -> names.add(each.getName()));
    names.removeIf(name -> name.endsWith("/"));
    return names;
  }

  private static void fails(
      int status, String code, org.junit.jupiter.api.function.Executable call) {
    ApiException failure = assertThrows(ApiException.class, call);
    assertEquals(status, failure.getCode(), failure.getResponseBody());
    assertTrue(
        failure.getResponseBody().contains("\"Code\":\"" + code + "\""), failure.getResponseBody());
  }

  @Test
  void aSnapshotGoesThroughABucketToAnotherRegionAndAccount() throws Exception {
    byte[] disk = disk(north, "first-db", 1);
    String snapshot = north.firn.run("snapshot", "create", "first-db").line();
    for (String format : List.of("raw", "qcow2")) {
      SnapshotExportTask task = export(ofNorth, snapshot, format);
      assertTrue(task.getTaskId().matches("snap-export-[0-9a-f]{8}"), task.getTaskId());
      SnapshotExportTask ended = awaitEnd(ofNorth, task.getTaskId());
      assertEquals("completed", ended.getState(), ended.toString());
      assertEquals(100, ended.getProgress());
      String key =
          "exports/"
              + snapshot
              + task.getTaskId().substring("snap-export".length())
              + "."
              + format
              + ".gz";
      assertTrue(objects().contains(key), objects() + " without " + key);
      if (format.equals("raw")) {
        byte[] plain =
            new GZIPInputStream(new java.io.ByteArrayInputStream(object(key))).readAllBytes();
        assertArrayEquals(disk, plain);
      }

      String imported = fetch(ofSouth, presigned(key), DISK_BYTES);
      Snapshot there = awaitImport(ofSouth, imported);
      assertEquals("completed", there.getState(), format + " " + there);
      assertEquals(southAccount, there.getAccountId());
      assertEquals(100, there.getProgress());
      assertArrayEquals(disk, bytes(south, southAccount, imported));

      // Too small for it: an error that says why, and may be deleted.
      String tooSmall = fetch(ofSouth, presigned(key), DISK_BYTES - 512);
      assertEquals("error", awaitImport(ofSouth, tooSmall).getState());
      south.firn.with("FIRN_ACCOUNT", southAccount);
      String why =
          south.firn.run("snapshot", "show", tooSmall, "--json").json().get("failure").asText();
      assertTrue(why.contains("" + (DISK_BYTES - 512)), why);
      assertFalse(why.contains("Signature"), why);
      south.firn.with("FIRN_ACCOUNT", null);
      new SnapshotApi(ofSouth).deleteSnapshot(new DeleteSnapshotRequest().snapshotId(tooSmall));
    }
    // A snapshot's export carries no licence, and nothing else of it.
    assertEquals(2, objects().size(), objects().toString());
    south.firn.run("check").succeeded();
  }

  @Test
  void whatIsNoImageOrLeadsWhereItMustNotIsRefused() throws Exception {
    Path page = Files.writeString(directory.resolve("page"), "<html>" + "x".repeat(2042));
    Path odd = Files.write(directory.resolve("odd"), new byte[1025]);
    for (Path file : List.of(page, odd)) {
      String name = file.getFileName().toString();
      service
          .store()
          .putBlob("box", service.store().blobBuilder(name).payload(file.toFile()).build());
      String id = fetch(ofSouth, presigned(name), 1 << 20);
      assertEquals("error", awaitImport(ofSouth, id).getState());
      south.firn.run("snapshot", "show", id).failed(3, "does not exist");
    }
    String missing = fetch(ofSouth, presigned("missing"), 1 << 20);
    assertEquals("error", awaitImport(ofSouth, missing).getState());
    fails(400, "4047", () -> fetch(ofSouth, "ftp://127.0.0.1/x", 1 << 20));
    fails(400, "4078", () -> fetch(ofSouth, presigned("odd"), Long.MAX_VALUE));

    settings(south, "bucket.endpoint=" + service.endpoint() + "\n");
    for (String url : List.of(presigned("odd"), presigned("odd").replace("127.0.0.1", "[::1]"))) {
      String refused = fetch(ofSouth, url, 1 << 20);
      assertEquals("error", awaitImport(ofSouth, refused).getState());
      south.firn.with("FIRN_ACCOUNT", southAccount);
      String why =
          south.firn.run("snapshot", "show", refused, "--json").json().get("failure").asText();
      south.firn.with("FIRN_ACCOUNT", null);
      assertTrue(why.contains("no address of the public Internet"), why);
    }
  }

  @Test
  void imagesTravelWithTheirLicences() throws Exception {
    byte[] disk = disk(north, "system", 1);
    String snapshot = north.firn.run("snapshot", "create", "system").line();
    String image =
        new ImageApi(ofNorth)
            .createImage(
                new CreateImageRequest()
                    .imageName("system")
                    .description("a text")
                    .rootDeviceName("/dev/sda1")
                    .addProductCodesItem("0002")
                    .addBlockDeviceMappingsItem(
                        new BlockDeviceMappingImage()
                            .deviceName("/dev/sda1")
                            .bsu(new BsuToCreate().snapshotId(snapshot))))
            .getImage()
            .getImageId();
    String task =
        new ImageApi(ofNorth)
            .createImageExportTask(
                new CreateImageExportTaskRequest()
                    .imageId(image)
                    .osuExport(target("qcow2", "images/")))
            .getImageExportTask()
            .getTaskId();
    ImageExportTask ended;
    long until = System.nanoTime() + WAIT_NANOS;
    do {
      ended =
          new ImageApi(ofNorth)
              .readImageExportTasks(
                  new ReadImageExportTasksRequest()
                      .filters(new FiltersExportTask().addTaskIdsItem(task)))
              .getImageExportTasks()
              .get(0);
      assertTrue(System.nanoTime() < until, ended.toString());
      Thread.sleep(20);
    } while (ended.getState().startsWith("pending"));
    assertEquals("completed", ended.getState(), ended.toString());
    String key = "images/" + image + task.substring("image-export".length()) + ".json";
    assertEquals(service.endpoint() + "/box/" + key, ended.getOsuExport().getOsuManifestUrl());
    JsonNode manifest = new com.fasterxml.jackson.databind.ObjectMapper().readTree(object(key));
    assertEquals(1, manifest.get("Version").asInt());
    JsonNode told = manifest.get("Image");
    assertEquals("0002", told.get("ProductTypes").get(0).asText());
    assertEquals("/dev/sda1", told.get("Snapshots").get(0).get("Device").asText());
    assertEquals(DISK_BYTES, told.get("Snapshots").get(0).get("Size").asLong());
    assertEquals(
        object(told.get("Snapshots").get(0).get("Filename").asText()).length,
        told.get("Snapshots").get(0).get("CompressedSize").asLong());

    ImageApi images = new ImageApi(ofSouth);
    // A licence cannot be left out.
    fails(
        400,
        "4047",
        () ->
            images.createImage(
                new CreateImageRequest()
                    .fileLocation(presigned(key))
                    .imageName("mine")
                    .addProductCodesItem("0001")));
    fails(
        400,
        "4047",
        () ->
            images.createImage(
                new CreateImageRequest()
                    .fileLocation(presigned(told.get("Snapshots").get(0).get("Filename").asText()))
                    .imageName("mine")));
    Image made =
        images
            .createImage(new CreateImageRequest().fileLocation(presigned(key)).imageName("mine"))
            .getImage();
    assertEquals(List.of("0002"), made.getProductCodes());
    assertEquals("a text", made.getDescription());
    Image found;
    do {
      found =
          images
              .readImages(
                  new ReadImagesRequest()
                      .filters(new FiltersImage().addImageIdsItem(made.getImageId())))
              .getImages()
              .get(0);
      assertTrue(System.nanoTime() < until, found.toString());
      Thread.sleep(20);
    } while (found.getState().toString().equals("pending"));
    assertEquals("available", found.getState().toString());
    String imported = found.getBlockDeviceMappings().get(0).getBsu().getSnapshotId();
    assertArrayEquals(disk, bytes(south, southAccount, imported));
    fails(
        409,
        "6003",
        () ->
            new SnapshotApi(ofSouth)
                .deleteSnapshot(new DeleteSnapshotRequest().snapshotId(imported)));
    images.deleteImage(new DeleteImageRequest().imageId(made.getImageId()));
    new SnapshotApi(ofSouth).deleteSnapshot(new DeleteSnapshotRequest().snapshotId(imported));

    // The same by the command line.
    String exported =
        north.firn.run("image", "export", image, "s3://box/cli/", "--format", "raw").line();
    String url = presigned("cli/" + image + exported.substring("image-export".length()) + ".json");
    String again = south.firn.run("image", "import", url, "--name", "by hand").line();
    assertTrue(south.firn.run("image", "list").succeeded().output().contains(again));
    String other = south.firn.run("image", "show", again, "--json").json().get("name").asText();
    assertEquals("by hand", other);
  }

  @Test
  void aFailureAndACancellationLeaveNothing() throws Exception {
    disk(north, "failing-db", 1);
    String snapshot = north.firn.run("snapshot", "create", "failing-db").line();
    SnapshotExportTask wrong =
        new SnapshotApi(ofNorth)
            .createSnapshotExportTask(
                new CreateSnapshotExportTaskRequest()
                    .snapshotId(snapshot)
                    .osuExport(
                        target("raw", "")
                            .osuApiKey(
                                new OsuApiKey().apiKeyId(S3Service.KEY).secretKey("wrong-one"))))
            .getSnapshotExportTask();
    SnapshotExportTask failed = awaitEnd(ofNorth, wrong.getTaskId());
    assertEquals("failed", failed.getState());
    assertTrue(failed.getComment().contains("bucket 'box' refuses"), failed.getComment());
    assertFalse(failed.getComment().contains("wrong-one"), failed.getComment());
    String log = Files.readString(north.firn.home().resolve("log/daemon.log"));
    assertFalse(log.contains("wrong-one") || log.contains(S3Service.SECRET));

    // Without a key to the bucket it is the caller's own, which this bucket does not know.
    SnapshotExportTask unknown =
        new SnapshotApi(ofNorth)
            .createSnapshotExportTask(
                new CreateSnapshotExportTaskRequest()
                    .snapshotId(snapshot)
                    .osuExport(target("raw", "").osuApiKey(null)))
            .getSnapshotExportTask();
    assertEquals("failed", awaitEnd(ofNorth, unknown.getTaskId()).getState());
    fails(400, "5054", () -> export(ofNorth, "snap-00000000", "raw"));

    SnapshotExportTask task = export(ofNorth, snapshot, "qcow2");
    FirnCommand.Result cancelled = north.firn.run("task", "cancel", task.getTaskId());
    SnapshotExportTask ended = awaitEnd(ofNorth, task.getTaskId());
    if (cancelled.status() == 0) {
      assertEquals("cancelled", ended.getState());
      // What it was doing then goes on for a moment.
      long until = System.nanoTime() + WAIT_NANOS;
      while (!objects().isEmpty()) {
        assertTrue(System.nanoTime() < until, objects().toString());
        Thread.sleep(20);
      }
    } else {
      cancelled.failed(4, "it cannot be cancelled any more");
      assertEquals("completed", ended.getState());
    }
    north.firn.run("task", "list").succeeded();
    north.firn.run("task", "cancel", "snap-export-00000000").failed(3, "does not exist");
  }

  @Test
  void whatAKilledDaemonHadBegunIsFinishedByTheNext() throws Exception {
    byte[] disk = disk(north, "killed-db", 1);
    String snapshot = north.firn.run("snapshot", "create", "killed-db").line();
    List<String> tasks = new ArrayList<>();
    for (String format : List.of("raw", "qcow2", "raw", "qcow2")) {
      tasks.add(export(ofNorth, snapshot, format).getTaskId());
    }
    kill(north);
    for (String task : tasks) {
      JsonNode ended = awaitTask(task);
      assertEquals("completed", ended.get("state").asText(), ended.toString());
    }
    assertEquals(4, objects().size(), objects().toString());

    List<String> imports = new ArrayList<>();
    for (String key : objects()) {
      imports.add(fetch(ofSouth, presigned(key), DISK_BYTES));
    }
    kill(south);
    south.firn.with("FIRN_ACCOUNT", southAccount);
    long until = System.nanoTime() + WAIT_NANOS;
    for (String id : imports) {
      String state;
      do {
        state = south.firn.run("snapshot", "show", id, "--json").json().get("state").asText();
        assertTrue(System.nanoTime() < until, id + " is " + state);
      } while (List.of("in-queue", "pending").contains(state));
      assertEquals("completed", state);
      assertArrayEquals(disk, bytes(south, southAccount, id));
      south.firn.with("FIRN_ACCOUNT", southAccount);
    }
    south.firn.with("FIRN_ACCOUNT", null);
    south.firn.run("check").succeeded();
  }

  private void kill(ServedApi api) throws Exception {
    long pid = api.firn.pid();
    api.firn.shell("kill -9 " + pid);
    FirnCommand.awaitEnd(pid);
    api.firn.run("daemon", "start").succeeded();
    api.stopServing();
    api.serve();
    ofNorth.setBasePath(north.url);
    ofSouth.setBasePath(south.url);
  }

  private JsonNode awaitTask(String id) {
    long until = System.nanoTime() + WAIT_NANOS;
    while (true) {
      JsonNode task = north.firn.run("task", "show", id, "--json").json();
      if (!List.of("pending", "active").contains(task.get("state").asText())) {
        return task;
      }
      assertTrue(System.nanoTime() < until, task.toString());
    }
  }

  @Test
  void theCommandLineExportsToBucketsAndImportsFromUrls() throws Exception {
    byte[] disk = disk(north, "db", 1);
    String snapshot = north.firn.run("snapshot", "create", "db", "--name", "first").line();
    for (String name : List.of("db.firn", "db.qcow2", "db.raw.gz")) {
      north.firn.run("export", "db@first", "s3://box/cli/" + name).succeeded();
      north.firn.run("export", "db@first", "s3://box/cli/" + name).failed(4, "exists already");
      String imported = south.firn.run("import", "s3://box/cli/" + name, "--name", name).line();
      assertArrayEquals(disk, bytes(south, null, imported), name);
      south.firn.run("snapshot", "delete", imported).succeeded();
    }
    north.firn.run("export", snapshot, "s3://box/cli/db.firn", "--force").succeeded();
    String imported = south.firn.run("import", presigned("cli/db.firn"), "--name", "by-url").line();
    assertArrayEquals(disk, bytes(south, null, imported));
    north.firn.run("export", "db@first", "s3://box").failed(2, "names no object");
    north.firn.run("import", service.endpoint() + "/box/none").failed(3, "HTTP status 404");
    north.firn.with("AWS_SECRET_ACCESS_KEY", "not-it");
    north.firn.run("export", "db@first", "s3://box/x.firn").failed(7, "refuses");
    north.firn.with("AWS_SECRET_ACCESS_KEY", null);
    north.firn.run("export", "db@first", "s3://box/x.firn").failed(2, "AWS_SECRET_ACCESS_KEY");
    north.firn.with("AWS_SECRET_ACCESS_KEY", S3Service.SECRET);
    assertEquals(3, objects().size(), objects().toString());
  }

  @Test
  void copiesToAnotherRegionTellTheDifference() throws Exception {
    String account = south.account("of-copies");
    ApiClient there = south.client(account);
    JsonNode key = south.firn.run("key", "create", "--account", account, "--json").json();
    settings(
        north,
        service.settings()
            + "copies.bucket=box\ncopies.access-key="
            + S3Service.KEY
            + "\ncopies.secret-key="
            + S3Service.SECRET
            + "\nregion.south-1.endpoint="
            + south.url
            + "\nregion.south-1.access-key="
            + key.get("AccessKeyId").asText()
            + "\nregion.south-1.secret-key="
            + key.get("SecretKey").asText()
            + "\n");
    north.firn.run("volume", "create", "data", "--size", "1G").succeeded();
    Path mounted = north.firn.mountPoint("data");
    north.firn.run("mount", "data", mounted).succeeded();
    byte[] large = new byte[8 << 20];
    new Random(SEED).nextBytes(large);
    Files.write(mounted.resolve("large"), large);
    String first =
        north.firn.run("snapshot", "create", "data", "--description", "the first").line();
    JsonNode copied =
        north.firn.run("snapshot", "copy", first, "--to-region", "south-1", "--json").json();
    assertTrue(copied.get("baseId").isNull(), copied.toString());
    assertTrue(copied.get("sentBytes").asLong() >= large.length, copied.toString());
    String copy = copied.get("snapshotId").asText();
    assertNotEquals(first, copy);
    assertEquals("the first", snapshot(there, copy).getDescription());
    // Once more is no other copy.
    assertEquals(copy, north.firn.run("snapshot", "copy", first, "--to-region", "south-1").line());

    Files.writeString(mounted.resolve("small"), "some words");
    String second = north.firn.run("snapshot", "create", "data").line();
    JsonNode difference =
        north.firn.run("snapshot", "copy", second, "--to-region", "south-1", "--json").json();
    assertEquals(first, difference.get("baseId").asText());
    assertTrue(difference.get("sentBytes").asLong() < 100_000, difference.toString());
    assertEquals(List.of(), objects());

    String secondThere = difference.get("snapshotId").asText();
    south.firn.with("FIRN_ACCOUNT", account);
    south.firn.run("snapshot", "delete", copy).succeeded();
    Path mountedThere = south.firn.mountPoint("copy");
    south.firn.run("mount", secondThere, mountedThere).succeeded();
    assertArrayEquals(large, Files.readAllBytes(mountedThere.resolve("large")));
    assertEquals("some words", Files.readString(mountedThere.resolve("small")));
    south.firn.run("umount", mountedThere).succeeded();

    // The base is gone there: the next one begins from the second.
    Files.writeString(mounted.resolve("small"), "other words");
    String third = north.firn.run("snapshot", "create", "data").line();
    assertEquals(
        second,
        north
            .firn
            .run("snapshot", "copy", third, "--to-region", "south-1", "--json")
            .json()
            .get("baseId")
            .asText());

    // A killed daemon: the same command goes on.
    Files.write(mounted.resolve("more"), large);
    String fourth = north.firn.run("snapshot", "create", "data").line();
    Process copying = north.firn.start("snapshot", "copy", fourth, "--to-region", "south-1");
    kill(north);
    copying.destroy();
    copying.waitFor();
    String last = north.firn.run("snapshot", "copy", fourth, "--to-region", "south-1").line();
    assertEquals("completed", snapshot(there, last).getState());
    // The first was deleted there; none is there twice.
    assertEquals(
        3, new SnapshotApi(there).readSnapshots(new ReadSnapshotsRequest()).getSnapshots().size());
    south.firn.run("check").succeeded();
    south.firn.with("FIRN_ACCOUNT", null);
    north.firn.run("umount", mounted).succeeded();
    north.firn.run("snapshot", "copy", third, "--to-region", "west-1").failed(3, "south-1");
    assertEquals(List.of(), objects());
  }
}
