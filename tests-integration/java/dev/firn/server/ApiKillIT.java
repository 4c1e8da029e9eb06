package dev.firn.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.cli.FirnCommand;
import io.github.outscale.osc_sdk_java.client.ApiClient;
import io.github.outscale.osc_sdk_java.client.ApiException;
import io.github.outscale.osc_sdk_java.client.api.SnapshotApi;
import io.github.outscale.osc_sdk_java.client.api.VolumeApi;
import io.github.outscale.osc_sdk_java.client.model.CreateSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.CreateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteSnapshotRequest;
import io.github.outscale.osc_sdk_java.client.model.DeleteVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadSnapshotsRequest;
import io.github.outscale.osc_sdk_java.client.model.ReadVolumesRequest;
import io.github.outscale.osc_sdk_java.client.model.Snapshot;
import io.github.outscale.osc_sdk_java.client.model.UpdateVolumeRequest;
import io.github.outscale.osc_sdk_java.client.model.Volume;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The daemon is killed while clients of the API are at work: what they were told is so afterwards,
 * what they were not told is done or not, and nothing stays halfway. How often says {@code
 * -Dfirn.api.kills}.
 */
class ApiKillIT {
  private static final int KILLS = Integer.getInteger("firn.api.kills", 4);
  private static final int CLIENTS = 6;
  private static final int MILLIS_MAX = 1_500;

  @TempDir Path directory;

  /** What one client was told; for one thread, until it is dead. */
  private static final class Told {
    final Map<String, Integer> sizes = new HashMap<>();
    final Set<String> snapshots = new HashSet<>();

    /** What was asked for last, and not answered. */
    String deletion;

    String growth;
  }

  @Test
  void whatWasToldIsSoAfterAKill() throws Exception {
    Random random = new Random(Seeds.seed("ApiKillIT"));
    List<Told> told = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      told.add(new Told());
    }
    String account = null;
    for (int round = 0; round <= KILLS; round++) {
      try (ServedApi api = new ServedApi(directory, CLIENTS)) {
        account = account == null ? api.account("north") : account;
        ApiClient client = api.client(account);
        requireTold(client, told);
        requireNoActiveTask(api.firn.home());
        FirnCommand.Result check = api.firn.run("check");
        assertEquals(0, check.status(), check.output() + check.errors());
        if (round < KILLS) {
          killAmong(api, client, told, random);
        }
      }
    }
  }

  private void killAmong(ServedApi api, ApiClient client, List<Told> told, Random random)
      throws Exception {
    long pid = api.firn.pid();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<Integer>> running = new ArrayList<>();
      for (Told each : told) {
        Random own = new Random(random.nextLong());
        running.add(threads.submit(() -> work(client, each, own)));
      }
      TimeUnit.MILLISECONDS.sleep(200 + random.nextInt(MILLIS_MAX));
      api.firn.shell("kill -9 " + pid).succeeded();
      int calls = 0;
      for (Future<Integer> each : running) {
        calls += each.get();
      }
      FirnCommand.awaitEnd(pid);
      System.out.printf("killed after %d calls%n", calls);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Goes on until nobody answers any more; answers how many calls were answered. */
  private static int work(ApiClient client, Told told, Random random) {
    int calls = 0;
    while (true) {
      try {
        step(client, told, random);
        calls++;
      } catch (ApiException e) {
        // An answer would be one to a call that is wrong, or a failure of the server.
        assertEquals(0, e.getCode(), e.getMessage() + " " + e.getResponseBody());
        return calls;
      }
    }
  }

  private static void step(ApiClient client, Told told, Random random) throws ApiException {
    VolumeApi volumes = new VolumeApi(client);
    SnapshotApi snapshots = new SnapshotApi(client);
    List<String> own = new ArrayList<>(told.sizes.keySet());
    List<String> taken = new ArrayList<>(told.snapshots);
    int choice = random.nextInt(10);
    if (own.isEmpty() || choice < 2) {
      String id =
          volumes
              .createVolume(new CreateVolumeRequest().subregionName("local-1a").size(1))
              .getVolume()
              .getVolumeId();
      told.sizes.put(id, 1);
    } else if (choice < 5 || taken.isEmpty()) {
      String volume = own.get(random.nextInt(own.size()));
      CreateSnapshotRequest request = new CreateSnapshotRequest().volumeId(volume);
      told.snapshots.add(snapshots.createSnapshot(request).getSnapshot().getSnapshotId());
    } else if (choice < 7) {
      String volume = own.get(random.nextInt(own.size()));
      int size = told.sizes.get(volume) + 1;
      told.growth = volume;
      volumes.updateVolume(new UpdateVolumeRequest().volumeId(volume).size(size));
      told.sizes.put(volume, size);
      told.growth = null;
    } else if (choice < 9) {
      deleteSnapshot(snapshots, told, taken.get(random.nextInt(taken.size())));
    } else {
      String volume = own.get(random.nextInt(own.size()));
      told.deletion = volume;
      volumes.deleteVolume(new DeleteVolumeRequest().volumeId(volume));
      told.sizes.remove(volume);
      told.deletion = null;
    }
  }

  private static void deleteSnapshot(SnapshotApi snapshots, Told told, String id)
      throws ApiException {
    told.deletion = id;
    try {
      snapshots.deleteSnapshot(new DeleteSnapshotRequest().snapshotId(id));
      told.snapshots.remove(id);
    } catch (ApiException e) {
      // One that is still being taken cannot go yet.
      if (e.getCode() != 409) {
        throw e;
      }
    }
    told.deletion = null;
  }

  private static void requireTold(ApiClient client, List<Told> told) throws ApiException {
    Map<String, Integer> sizes = new HashMap<>();
    for (Volume volume : new VolumeApi(client).readVolumes(new ReadVolumesRequest()).getVolumes()) {
      assertEquals("available", String.valueOf(volume.getState()), volume.toString());
      sizes.put(volume.getVolumeId(), volume.getSize());
    }
    Set<String> snapshots = new HashSet<>();
    for (Snapshot snapshot :
        new SnapshotApi(client).readSnapshots(new ReadSnapshotsRequest()).getSnapshots()) {
      String state = String.valueOf(snapshot.getState());
      assertTrue(Set.of("completed", "error").contains(state), snapshot.toString());
      snapshots.add(snapshot.getSnapshotId());
    }
    int unanswered = sizes.size() + snapshots.size();
    for (Told each : told) {
      forget(each, sizes, snapshots);
      for (Map.Entry<String, Integer> volume : each.sizes.entrySet()) {
        Integer size = sizes.get(volume.getKey());
        if (volume.getKey().equals(each.growth) && size != null && size > volume.getValue()) {
          volume.setValue(volume.getValue() + 1);
        }
        assertEquals(volume.getValue(), size, volume.getKey());
      }
      assertTrue(snapshots.containsAll(each.snapshots), each.snapshots.toString());
      each.growth = null;
      unanswered -= each.sizes.size() + each.snapshots.size();
    }
    // Those of calls whose answers did not come: one for each client and kill at most.
    assertTrue(unanswered >= 0 && unanswered <= CLIENTS * KILLS, unanswered + " more than told");
  }

  /** The client is older than the action that reads them. */
  private static void requireNoActiveTask(Path home) throws SQLException {
    try (Connection catalog =
            DriverManager.getConnection("jdbc:sqlite:" + home.resolve("catalog.db"));
        Statement statement = catalog.createStatement();
        ResultSet active =
            statement.executeQuery(
                "SELECT COUNT(*) FROM volume_update_tasks"
                    + " WHERE state NOT IN ('completed', 'failed')")) {
      assertEquals(0, active.getInt(1));
    }
  }

  /** Of what was being deleted either is right, from now on what is there. */
  private static void forget(Told told, Map<String, Integer> sizes, Set<String> snapshots) {
    String id = told.deletion;
    if (id != null && !sizes.containsKey(id) && !snapshots.contains(id)) {
      told.sizes.remove(id);
      told.snapshots.remove(id);
    }
    told.deletion = null;
  }
}
