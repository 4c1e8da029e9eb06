package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.cli.FirnCommand;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import io.github.outscale.osc_sdk_java.client.ApiException;
import io.github.outscale.osc_sdk_java.client.api.ImageApi;
import io.github.outscale.osc_sdk_java.client.api.RegionApi;
import io.github.outscale.osc_sdk_java.client.api.SnapshotApi;
import io.github.outscale.osc_sdk_java.client.api.TagApi;
import io.github.outscale.osc_sdk_java.client.api.VolumeApi;
import io.github.outscale.osc_sdk_java.client.model.BlockDeviceMappingImage;
import io.github.outscale.osc_sdk_java.client.model.BsuToCreate;
import io.github.outscale.osc_sdk_java.client.model.CreateImageRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateTagsRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteImageRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.FiltersSnapshot;
import io.github.outscale.osc_sdk_java.client.model.FiltersVolume;
import io.github.outscale.osc_sdk_java.client.model.LinkVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.PermissionsOnResource;
import io.github.outscale.osc_sdk_java.client.model.PermissionsOnResourceCreation;
import io.github.outscale.osc_sdk_java.client.model.ReadRegionsRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotsRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadVolumesRequest;
import io.github.outscale.osc_sdk_java.client.model.ResourceTag;
import io.github.outscale.osc_sdk_java.client.model.Snapshot;
import io.github.outscale.osc_sdk_java.client.model.UnlinkVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.UpdateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.UpdateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.Volume;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** OUTSCALE's own client against the real server, the real store and real mounts. */
class OutscaleClientIT {
  private static final long WAIT_NANOS = 30_000_000_000L;

  @TempDir Path directory;
  private ServedApi api;
  private String north;
  private String south;
  private ApiClient ofNorth;
  private ApiClient ofSouth;

  @BeforeEach
  void serve() throws IOException {
    api = new ServedApi(directory, 8);
    north = api.account("north");
    ofNorth = api.client(north);
    south = api.account("south");
    ofSouth = api.client(south);
  }

  @AfterEach
  void stop() throws Exception {
    api.close();
  }

  private static String volume(ApiClient client, Integer size, String snapshot)
      throws ApiException {
    return new VolumeApi(client)
        .createVolume(
            new CreateVolumeRequest().subregionName("local-1a").size(size).snapshotId(snapshot))
        .getVolume()
        .getVolumeId();
  }

  private static Volume read(ApiClient client, String id) throws ApiException {
    return new VolumeApi(client)
        .readVolumes(new ReadVolumesRequest().filters(new FiltersVolume().addVolumeIdsItem(id)))
        .getVolumes()
        .get(0);
  }

  private Path link(ApiClient client, String volume, String vm, String device) throws ApiException {
    new VolumeApi(client)
        .linkVolume(new LinkVolumeRequest().volumeId(volume).vmId(vm).deviceName("/dev/" + device));
    Path mounted = api.links.resolve(vm).resolve(device);
    assertEquals("in-use", read(client, volume).getState().toString());
    return mounted;
  }

  private static void unlink(ApiClient client, String volume) throws ApiException {
    new VolumeApi(client).unlinkVolume(new UnlinkVolumeRequest().volumeId(volume));
    assertEquals("available", read(client, volume).getState().toString());
  }

  private static String snapshot(ApiClient client, CreateSnapshotRequest request)
      throws ApiException {
    SnapshotApi snapshots = new SnapshotApi(client);
    String id = snapshots.createSnapshot(request).getSnapshot().getSnapshotId();
    long until = System.nanoTime() + WAIT_NANOS;
    while (true) {
      Snapshot found =
          snapshots
              .readSnapshots(
                  new ReadSnapshotsRequest().filters(new FiltersSnapshot().addSnapshotIdsItem(id)))
              .getSnapshots()
              .get(0);
      if (found.getState().equals("completed")) {
        assertEquals(100, found.getProgress());
        return id;
      }
      assertTrue(List.of("in-queue", "pending").contains(found.getState()), found.getState());
      assertTrue(System.nanoTime() < until, "still " + found.getState());
    }
  }

  private static void delete(ApiClient client, String snapshot) throws ApiException {
    new SnapshotApi(client).deleteSnapshot(new DeleteSnapshotRequest().snapshotId(snapshot));
  }

  private static void fails(
      int status, String code, org.junit.jupiter.api.function.Executable call) {
    ApiException failure = assertThrows(ApiException.class, call);
    assertEquals(status, failure.getCode(), failure.getResponseBody());
    assertTrue(
        failure.getResponseBody().contains("\"Code\":\"" + code + "\""), failure.getResponseBody());
  }

  @Test
  void theWholeStory() throws Exception {
    assertEquals(
        "local-1",
        new RegionApi(ofNorth)
            .readRegions(new ReadRegionsRequest())
            .getRegions()
            .get(0)
            .getRegionName());

    byte[] content = new byte[3 << 20];
    new Random(7).nextBytes(content);
    String volume = volume(ofNorth, 1, null);
    Path mounted = link(ofNorth, volume, "i-00000001", "xvdb");
    Files.write(mounted.resolve("data"), content);
    Files.createDirectory(mounted.resolve("folder"));
    String first = snapshot(ofNorth, new CreateSnapshotRequest().volumeId(volume));
    Files.writeString(mounted.resolve("data"), "changed");
    Files.delete(mounted.resolve("folder"));
    String second =
        snapshot(ofNorth, new CreateSnapshotRequest().volumeId(volume).description("second"));
    new TagApi(ofNorth)
        .createTags(
            new CreateTagsRequest()
                .addResourceIdsItem(first)
                .addTagsItem(new ResourceTag().key("stage").value("test")));

    // It grows while it is mounted.
    Volume before =
        new VolumeApi(ofNorth)
            .updateVolume(new UpdateVolumeRequest().volumeId(volume).size(2))
            .getVolume();
    assertEquals(1, before.getSize());
    assertEquals(2L << 30, Files.getFileStore(mounted).getTotalSpace(), 64L << 20);
    fails(
        409,
        "6007",
        () -> new VolumeApi(ofNorth).deleteVolume(new DeleteVolumeRequest().volumeId(volume)));

    // Another account uses what is shared, and has copies of its own.
    fails(400, "5054", () -> volume(ofSouth, null, first));
    new SnapshotApi(ofNorth)
        .updateSnapshot(
            new UpdateSnapshotRequest()
                .snapshotId(first)
                .permissionsToCreateVolume(
                    new PermissionsOnResourceCreation()
                        .additions(new PermissionsOnResource().addAccountIdsItem(south))));
    String clone = volume(ofSouth, 3, first);
    String copy =
        snapshot(
            ofSouth,
            new CreateSnapshotRequest().sourceSnapshotId(first).sourceRegionName("local-1"));
    assertNotEquals(first, copy);
    fails(403, "4", () -> delete(ofSouth, first));

    // The source goes, in whatever order, and harms nobody.
    delete(ofNorth, first);
    Path ofClone = link(ofSouth, clone, "i-00000002", "sdb");
    assertArrayEquals(content, Files.readAllBytes(ofClone.resolve("data")));
    assertTrue(Files.isDirectory(ofClone.resolve("folder")));
    unlink(ofSouth, clone);
    assertFalse(Files.exists(ofClone.resolve("data")));
    unlink(ofNorth, volume);
    new VolumeApi(ofNorth).deleteVolume(new DeleteVolumeRequest().volumeId(volume));
    String again = volume(ofSouth, null, copy);
    Path ofCopy = link(ofSouth, again, "i-00000002", "sdc");
    assertArrayEquals(content, Files.readAllBytes(ofCopy.resolve("data")));
    String ofSecond = volume(ofNorth, null, second);
    assertEquals(
        "changed", Files.readString(link(ofNorth, ofSecond, "i-00000001", "xvdc").resolve("data")));

    // An image keeps its snapshot.
    ImageApi images = new ImageApi(ofNorth);
    String image =
        images
            .createImage(
                new CreateImageRequest()
                    .imageName("system")
                    .rootDeviceName("/dev/sda1")
                    .addProductCodesItem("0001")
                    .addBlockDeviceMappingsItem(
                        new BlockDeviceMappingImage()
                            .deviceName("/dev/sda1")
                            .bsu(new BsuToCreate().snapshotId(second))))
            .getImage()
            .getImageId();
    fails(409, "6003", () -> delete(ofNorth, second));
    images.deleteImage(new DeleteImageRequest().imageId(image));
    delete(ofNorth, second);
    assertEquals(
        List.of(copy),
        new SnapshotApi(ofSouth)
            .readSnapshots(new ReadSnapshotsRequest()).getSnapshots().stream()
                .map(Snapshot::getSnapshotId)
                .toList());
  }

  @Test
  void linksSurviveAKilledDaemonAndTheCommandLineSeesTheSame() throws Exception {
    String volume = volume(ofNorth, 1, null);
    Path mounted = link(ofNorth, volume, "i-00000001", "xvdb");
    Files.writeString(mounted.resolve("file"), "kept");
    String snapshot = snapshot(ofNorth, new CreateSnapshotRequest().volumeId(volume));
    long pid = api.firn.pid();
    api.firn.shell("kill -9 " + pid);
    FirnCommand.awaitEnd(pid);
    api.firn.run("daemon", "start").succeeded();
    assertEquals("kept", Files.readString(mounted.resolve("file")));
    assertEquals(
        north,
        api.firn
            .run("snapshot", "show", snapshot, "--account", north, "--json")
            .json()
            .get("accountId")
            .asText());
    api.firn.run("snapshot", "show", snapshot).failed(3, "does not exist");
    api.firn.run("snapshot", "delete", snapshot, "--account", south).failed(3, "does not exist");
    api.firn.with("FIRN_ACCOUNT", north);
    api.firn.run("snapshot", "share", snapshot, "--account", south).succeeded();
    api.firn.run("quota", "set", "volumes", "1").succeeded();
    api.firn.run("volume", "create", "more", "--size", "1G").failed(5, "may have 1 volumes");
    api.firn.with("FIRN_ACCOUNT", south);
    api.firn.run("snapshot", "delete", snapshot).failed(7, "belongs to account");
    String copy = api.firn.run("snapshot", "copy", snapshot).line();
    api.firn.run("tag", "set", copy, "stage=test").succeeded();
    assertEquals(
        "test",
        api.firn.run("snapshot", "show", copy, "--json").json().get("tags").get("stage").asText());
    api.firn.with("FIRN_ACCOUNT", null);
  }

  @Test
  void aPasswordFromTheStandardInputGetsAtAccessKeys() throws Exception {
    String[] login = {"account", "login", "--account", north, "--email", "north@example.com"};
    api.firn
        .runWithInput(new ByteArrayInputStream("short\n".getBytes()), (Object[]) login)
        .failed(2, "characters");
    api.firn
        .runWithInput(new ByteArrayInputStream("a long password\n".getBytes()), (Object[]) login)
        .succeeded();
    assertEquals(200, readKeys("north@example.com:a long password"));
    assertEquals(401, readKeys("north@example.com:another password"));
    api.firn.run("account", "login", "--account", north, "--remove").succeeded();
    assertEquals(401, readKeys("north@example.com:a long password"));
    api.firn.run("account", "login", "--account", north, "--remove").failed(3, "no email");
  }

  private int readKeys(String credentials) throws Exception {
    String date =
        DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'")
            .withZone(ZoneOffset.UTC)
            .format(Instant.now());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(api.url + "/ReadAccessKeys"))
            .header(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes()))
            .header("X-Osc-Date", date)
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    return HttpClient.newHttpClient()
        .send(request, HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void servingEndsWithItsCommand() throws Exception {
    volume(ofNorth, 1, null);
    api.stopServing();
    long until = System.nanoTime() + WAIT_NANOS;
    while (true) {
      try {
        volume(ofNorth, 1, null);
      } catch (ApiException e) {
        if (e.getCause() instanceof IOException) {
          break;
        }
        assertTrue(e.getCode() == 503 || e.getCode() == 0, e.getResponseBody());
      }
      assertTrue(System.nanoTime() < until, "it still serves");
    }
    api.firn.run("volume", "list").succeeded();
  }
}
