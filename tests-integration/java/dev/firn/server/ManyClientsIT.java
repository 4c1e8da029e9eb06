package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import io.github.outscale.osc_sdk_java.client.ApiException;
import io.github.outscale.osc_sdk_java.client.api.ImageApi;
import io.github.outscale.osc_sdk_java.client.api.QuotaApi;
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
import io.github.outscale.osc_sdk_java.client.model.DeleteTagsRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.FiltersSnapshot;
import io.github.outscale.osc_sdk_java.client.model.Image;
import io.github.outscale.osc_sdk_java.client.model.PermissionsOnResource;
import io.github.outscale.osc_sdk_java.client.model.PermissionsOnResourceCreation;
import io.github.outscale.osc_sdk_java.client.model.ReadImagesRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadQuotasRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotsRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadVolumesRequest;
import io.github.outscale.osc_sdk_java.client.model.ResourceTag;
import io.github.outscale.osc_sdk_java.client.model.Snapshot;
import io.github.outscale.osc_sdk_java.client.model.UpdateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.UpdateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.Volume;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many official clients do all kinds of things at once: no answer is a failure of the server, and
 * afterwards each account has what was made and not deleted, neither more nor less. How long they
 * go on says {@code -Dfirn.clients.seconds}.
 */
class ManyClientsIT {
  private static final int CLIENTS = 100;
  private static final int ACCOUNTS = 10;
  private static final int SECONDS = Integer.getInteger("firn.clients.seconds", 20);

  @TempDir Path directory;

  /** What the clients of one account have made and not deleted. */
  private static final class Expected {
    final Set<String> volumes = ConcurrentHashMap.newKeySet();
    final Set<String> snapshots = ConcurrentHashMap.newKeySet();
    final Set<String> images = ConcurrentHashMap.newKeySet();

    /** Those that have the tag, of volumes that are there. */
    final Set<String> tagged = ConcurrentHashMap.newKeySet();

    /** In GiB. */
    final Map<String, Integer> sizes = new ConcurrentHashMap<>();
  }

  /** What one client has made and not deleted. */
  private static final class Own {
    final List<String> volumes = new ArrayList<>();
    final List<String> snapshots = new ArrayList<>();
    final List<String> images = new ArrayList<>();
    final Map<String, String> snapshotsOfImages = new TreeMap<>();
  }

  private final Map<String, List<Long>> nanos = new ConcurrentHashMap<>();

  @Test
  void nothingIsLostOrDoubled() throws Exception {
    long seed = Seeds.seed("ManyClientsIT");
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try (ServedApi api = new ServedApi(directory, CLIENTS)) {
      List<ApiClient> clients = new ArrayList<>();
      List<Expected> expected = new ArrayList<>();
      List<String> accounts = new ArrayList<>();
      for (int i = 0; i < ACCOUNTS; i++) {
        accounts.add(api.account("account-" + i));
        clients.add(api.client(accounts.get(i)));
        expected.add(new Expected());
      }
      long until = System.nanoTime() + SECONDS * 1_000_000_000L;
      List<Future<Integer>> running = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        int number = i;
        running.add(
            threads.submit(
                () ->
                    work(
                        clients.get(number % ACCOUNTS),
                        expected.get(number % ACCOUNTS),
                        accounts.get((number + 1) % ACCOUNTS),
                        new Random(seed + number),
                        until)));
      }
      int calls = 0;
      for (Future<Integer> each : running) {
        calls += each.get();
      }
      for (int i = 0; i < ACCOUNTS; i++) {
        requireAll(clients.get(i), expected.get(i), accounts.get(i));
      }
      api.firn.run("check").succeeded();
      print(calls);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Works on things of its own, which others of the account see and leave alone. */
  private int work(
      ApiClient client, Expected expected, String otherAccount, Random random, long until)
      throws ApiException {
    VolumeApi volumes = new VolumeApi(client);
    SnapshotApi snapshots = new SnapshotApi(client);
    Own own = new Own();
    int calls = 0;
    while (System.nanoTime() < until) {
      calls++;
      int choice = random.nextInt(20);
      if (own.volumes.isEmpty() || choice == 0 && own.volumes.size() < 3) {
        create(volumes, expected, own);
      } else if (choice <= 4) {
        snapshot(snapshots, expected, own, of(own.volumes, random));
      } else if (choice <= 6) {
        change(client, expected, of(own.volumes, random));
      } else if (choice == 7) {
        String id = own.volumes.remove(random.nextInt(own.volumes.size()));
        timed("DeleteVolume", () -> volumes.deleteVolume(new DeleteVolumeRequest().volumeId(id)));
        expected.volumes.remove(id);
        expected.tagged.remove(id);
      } else if (choice == 8) {
        timed("ReadVolumes", () -> volumes.readVolumes(new ReadVolumesRequest()));
      } else if (choice == 9) {
        timed("ReadImages", () -> new ImageApi(client).readImages(new ReadImagesRequest()));
      } else if (choice <= 11 || own.snapshots.isEmpty()) {
        timed(
            "ReadSnapshots",
            () -> snapshots.readSnapshots(new ReadSnapshotsRequest().resultsPerPage(20)));
      } else {
        useSnapshot(client, expected, own, otherAccount, random, choice);
      }
    }
    return calls;
  }

  private static String of(List<String> ids, Random random) {
    return ids.get(random.nextInt(ids.size()));
  }

  private void create(VolumeApi volumes, Expected expected, Own own) throws ApiException {
    CreateVolumeRequest request = new CreateVolumeRequest().subregionName("local-1a").size(1);
    String id =
        timed("CreateVolume", () -> volumes.createVolume(request)).getVolume().getVolumeId();
    assertTrue(expected.volumes.add(id), id);
    expected.sizes.put(id, 1);
    own.volumes.add(id);
  }

  private void snapshot(SnapshotApi snapshots, Expected expected, Own own, String volume)
      throws ApiException {
    CreateSnapshotRequest request = new CreateSnapshotRequest().volumeId(volume);
    String id =
        timed("CreateSnapshot", () -> snapshots.createSnapshot(request))
            .getSnapshot()
            .getSnapshotId();
    awaitCompleted(snapshots, id);
    assertTrue(expected.snapshots.add(id), id);
    own.snapshots.add(id);
  }

  /** Tags a volume and takes the tag away, in turns, or grows it. */
  private void change(ApiClient client, Expected expected, String volume) throws ApiException {
    TagApi tags = new TagApi(client);
    if (expected.tagged.contains(volume)) {
      timed(
          "DeleteTags",
          () ->
              tags.deleteTags(
                  new DeleteTagsRequest().addResourceIdsItem(volume).addTagsItem(tag())));
      expected.tagged.remove(volume);
    } else if (expected.sizes.get(volume) % 2 == 1) {
      timed(
          "CreateTags",
          () ->
              tags.createTags(
                  new CreateTagsRequest().addResourceIdsItem(volume).addTagsItem(tag())));
      expected.tagged.add(volume);
    }
    int size = expected.sizes.merge(volume, 1, Integer::sum);
    timed(
        "UpdateVolume",
        () ->
            new VolumeApi(client)
                .updateVolume(new UpdateVolumeRequest().volumeId(volume).size(size)));
  }

  private static ResourceTag tag() {
    return new ResourceTag().key("k").value("v");
  }

  private void useSnapshot(
      ApiClient client, Expected expected, Own own, String otherAccount, Random random, int choice)
      throws ApiException {
    SnapshotApi snapshots = new SnapshotApi(client);
    ImageApi images = new ImageApi(client);
    if (choice <= 13) {
      CreateSnapshotRequest request =
          new CreateSnapshotRequest()
              .sourceSnapshotId(of(own.snapshots, random))
              .sourceRegionName("local-1");
      String id =
          timed("CreateSnapshot, a copy", () -> snapshots.createSnapshot(request))
              .getSnapshot()
              .getSnapshotId();
      assertTrue(expected.snapshots.add(id), id);
      own.snapshots.add(id);
    } else if (choice <= 16) {
      String id = own.snapshots.remove(random.nextInt(own.snapshots.size()));
      timed(
          "DeleteSnapshot",
          () -> snapshots.deleteSnapshot(new DeleteSnapshotRequest().snapshotId(id)));
      expected.snapshots.remove(id);
    } else if (choice == 17) {
      PermissionsOnResource other = new PermissionsOnResource().addAccountIdsItem(otherAccount);
      PermissionsOnResourceCreation change = new PermissionsOnResourceCreation();
      if (random.nextBoolean()) {
        change.additions(other);
      } else {
        change.removals(other);
      }
      String id = of(own.snapshots, random);
      timed(
          "UpdateSnapshot",
          () ->
              snapshots.updateSnapshot(
                  new UpdateSnapshotRequest().snapshotId(id).permissionsToCreateVolume(change)));
    } else if (own.images.isEmpty()) {
      String snapshot = own.snapshots.remove(random.nextInt(own.snapshots.size()));
      CreateImageRequest request =
          new CreateImageRequest()
              .imageName("of " + snapshot)
              .rootDeviceName("/dev/sda1")
              .addBlockDeviceMappingsItem(
                  new BlockDeviceMappingImage()
                      .deviceName("/dev/sda1")
                      .bsu(new BsuToCreate().snapshotId(snapshot)));
      String id = timed("CreateImage", () -> images.createImage(request)).getImage().getImageId();
      assertTrue(expected.images.add(id), id);
      own.images.add(id);
      own.snapshotsOfImages.put(id, snapshot);
    } else {
      String id = own.images.remove(0);
      timed("DeleteImage", () -> images.deleteImage(new DeleteImageRequest().imageId(id)));
      expected.images.remove(id);
      own.snapshots.add(own.snapshotsOfImages.remove(id));
    }
  }

  /** Neither more nor less is there than was made and not deleted. */
  private static void requireAll(ApiClient client, Expected expected, String account)
      throws ApiException {
    Set<String> volumes = new TreeSet<>();
    Set<String> tagged = new TreeSet<>();
    for (Volume volume : new VolumeApi(client).readVolumes(new ReadVolumesRequest()).getVolumes()) {
      String id = volume.getVolumeId();
      assertTrue(volumes.add(id), id);
      assertEquals(expected.sizes.get(id), volume.getSize(), id);
      if (!volume.getTags().isEmpty()) {
        tagged.add(id);
      }
    }
    assertEquals(new TreeSet<>(expected.volumes), volumes);
    assertEquals(new TreeSet<>(expected.tagged), tagged);
    FiltersSnapshot own = new FiltersSnapshot().addAccountIdsItem(account);
    assertEquals(new TreeSet<>(expected.snapshots), snapshots(client, own));
    Set<String> images = new TreeSet<>();
    for (Image image : new ImageApi(client).readImages(new ReadImagesRequest()).getImages()) {
      assertTrue(images.add(image.getImageId()));
    }
    assertEquals(new TreeSet<>(expected.images), images);
    Map<String, Integer> used = new TreeMap<>();
    new QuotaApi(client)
        .readQuotas(new ReadQuotasRequest())
        .getQuotaTypes()
        .forEach(type -> type.getQuotas().forEach(q -> used.put(q.getName(), q.getUsedValue())));
    assertEquals(volumes.size(), used.get("volumes"));
    assertEquals(expected.snapshots.size(), used.get("snapshots"));
    assertEquals(tagged.size(), used.get("tags"));
  }

  private static void awaitCompleted(SnapshotApi snapshots, String id) throws ApiException {
    ReadSnapshotsRequest request =
        new ReadSnapshotsRequest().filters(new FiltersSnapshot().addSnapshotIdsItem(id));
    String state;
    do {
      List<Snapshot> found = snapshots.readSnapshots(request).getSnapshots();
      assertEquals(1, found.size(), id);
      state = found.get(0).getState();
      assertTrue(!state.equals("error"), id);
    } while (!state.equals("completed"));
  }

  private static Set<String> snapshots(ApiClient client, FiltersSnapshot filters)
      throws ApiException {
    Set<String> ids = new TreeSet<>();
    for (Snapshot snapshot :
        new SnapshotApi(client)
            .readSnapshots(new ReadSnapshotsRequest().filters(filters))
            .getSnapshots()) {
      assertTrue(ids.add(snapshot.getSnapshotId()));
      assertEquals("completed", snapshot.getState());
    }
    return ids;
  }

  private interface ApiCall<T> {
    T run() throws ApiException;
  }

  private <T> T timed(String name, ApiCall<T> call) throws ApiException {
    long began = System.nanoTime();
    try {
      return call.run();
    } catch (ApiException e) {
      throw new ApiException(
          name + ": " + e.getMessage() + " " + e.getResponseBody(), e, e.getCode(), null);
    } finally {
      nanos
          .computeIfAbsent(name, key -> Collections.synchronizedList(new ArrayList<>()))
          .add(System.nanoTime() - began);
    }
  }

  private void print(int calls) {
    System.out.printf("%d clients: %d calls in %d s%n", CLIENTS, calls, SECONDS);
    new TreeMap<>(nanos)
        .forEach(
            (name, all) -> {
              List<Long> sorted = all.stream().sorted().toList();
              System.out.printf(
                  "  %-22s %6d calls, median %4d ms, 90 %% within %5d ms, 99 %% within %5d ms,"
                      + " slowest %5d ms%n",
                  name,
                  sorted.size(),
                  sorted.get(sorted.size() / 2) / 1_000_000,
                  sorted.get(sorted.size() * 90 / 100) / 1_000_000,
                  sorted.get(sorted.size() * 99 / 100) / 1_000_000,
                  sorted.get(sorted.size() - 1) / 1_000_000);
            });
  }
}
