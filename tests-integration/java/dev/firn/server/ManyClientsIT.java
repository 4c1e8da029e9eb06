package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import io.github.outscale.osc_sdk_java.client.ApiException;
import io.github.outscale.osc_sdk_java.client.api.SnapshotApi;
import io.github.outscale.osc_sdk_java.client.api.TagApi;
import io.github.outscale.osc_sdk_java.client.api.VolumeApi;
import io.github.outscale.osc_sdk_java.client.model.CreateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateTagsRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.FiltersSnapshot;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotsRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadVolumesRequest;
import io.github.outscale.osc_sdk_java.client.model.ResourceTag;
import io.github.outscale.osc_sdk_java.client.model.Snapshot;
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
  }

  private final Map<String, List<Long>> nanos = new ConcurrentHashMap<>();

  @Test
  void nothingIsLostOrDoubled() throws Exception {
    long seed = Seeds.seed("ManyClientsIT");
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try (ServedApi api = new ServedApi(directory, CLIENTS)) {
      List<ApiClient> clients = new ArrayList<>();
      List<Expected> expected = new ArrayList<>();
      for (int i = 0; i < ACCOUNTS; i++) {
        clients.add(api.client(api.account("account-" + i)));
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
                        new Random(seed + number),
                        until)));
      }
      int calls = 0;
      for (Future<Integer> each : running) {
        calls += each.get();
      }
      for (int i = 0; i < ACCOUNTS; i++) {
        assertEquals(new TreeSet<>(expected.get(i).volumes), volumes(clients.get(i)));
        assertEquals(new TreeSet<>(expected.get(i).snapshots), snapshots(clients.get(i)));
      }
      api.firn.run("check").succeeded();
      print(calls);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Works on things of its own, which others of the account see and leave alone. */
  private int work(ApiClient client, Expected expected, Random random, long until)
      throws ApiException {
    VolumeApi volumes = new VolumeApi(client);
    SnapshotApi snapshots = new SnapshotApi(client);
    List<String> ownVolumes = new ArrayList<>();
    List<String> ownSnapshots = new ArrayList<>();
    int calls = 0;
    while (System.nanoTime() < until) {
      calls++;
      int choice = random.nextInt(12);
      if (ownVolumes.isEmpty() || choice == 0 && ownVolumes.size() < 3) {
        CreateVolumeRequest request = new CreateVolumeRequest().subregionName("local-1a").size(1);
        String id =
            timed("CreateVolume", () -> volumes.createVolume(request)).getVolume().getVolumeId();
        assertTrue(expected.volumes.add(id), id);
        ownVolumes.add(id);
      } else if (choice <= 3) {
        String volume = ownVolumes.get(random.nextInt(ownVolumes.size()));
        String id =
            timed(
                    "CreateSnapshot",
                    () -> snapshots.createSnapshot(new CreateSnapshotRequest().volumeId(volume)))
                .getSnapshot()
                .getSnapshotId();
        awaitCompleted(snapshots, id);
        assertTrue(expected.snapshots.add(id), id);
        ownSnapshots.add(id);
      } else if (choice == 4 && !ownSnapshots.isEmpty()) {
        String source = ownSnapshots.get(random.nextInt(ownSnapshots.size()));
        String id =
            timed(
                    "CreateSnapshot, a copy",
                    () ->
                        snapshots.createSnapshot(
                            new CreateSnapshotRequest()
                                .sourceSnapshotId(source)
                                .sourceRegionName("local-1")))
                .getSnapshot()
                .getSnapshotId();
        assertTrue(expected.snapshots.add(id), id);
        ownSnapshots.add(id);
      } else if (choice <= 6 && !ownSnapshots.isEmpty()) {
        String id = ownSnapshots.remove(random.nextInt(ownSnapshots.size()));
        timed(
            "DeleteSnapshot",
            () -> snapshots.deleteSnapshot(new DeleteSnapshotRequest().snapshotId(id)));
        expected.snapshots.remove(id);
      } else if (choice == 7) {
        String id = ownVolumes.remove(random.nextInt(ownVolumes.size()));
        timed("DeleteVolume", () -> volumes.deleteVolume(new DeleteVolumeRequest().volumeId(id)));
        expected.volumes.remove(id);
      } else if (choice == 8) {
        String id = ownVolumes.get(0);
        timed(
            "CreateTags",
            () ->
                new TagApi(client)
                    .createTags(
                        new CreateTagsRequest()
                            .addResourceIdsItem(id)
                            .addTagsItem(new ResourceTag().key("k").value("v"))));
      } else if (choice == 9) {
        timed("ReadVolumes", () -> volumes.readVolumes(new ReadVolumesRequest()));
      } else {
        timed(
            "ReadSnapshots",
            () -> snapshots.readSnapshots(new ReadSnapshotsRequest().resultsPerPage(20)));
      }
    }
    return calls;
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

  private static Set<String> volumes(ApiClient client) throws ApiException {
    Set<String> ids = new TreeSet<>();
    for (Volume volume : new VolumeApi(client).readVolumes(new ReadVolumesRequest()).getVolumes()) {
      assertTrue(ids.add(volume.getVolumeId()));
    }
    return ids;
  }

  private static Set<String> snapshots(ApiClient client) throws ApiException {
    Set<String> ids = new TreeSet<>();
    for (Snapshot snapshot :
        new SnapshotApi(client).readSnapshots(new ReadSnapshotsRequest()).getSnapshots()) {
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
                  "  %-22s %6d calls, median %4d ms, 99 %% within %5d ms, slowest %5d ms%n",
                  name,
                  sorted.size(),
                  sorted.get(sorted.size() / 2) / 1_000_000,
                  sorted.get(sorted.size() * 99 / 100) / 1_000_000,
                  sorted.get(sorted.size() - 1) / 1_000_000);
            });
  }
}
