package dev.firn.snapshot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.map.MapStore;
import dev.firn.map.VolumeMap;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Maps are open as long as somebody uses them, and deleted when nobody passes by. */
@Timeout(60)
class MapPoolTest {
  private static final MapStore.VolumeOptions OPTIONS = new MapStore.VolumeOptions("a", "lz4");

  @TempDir Path directory;
  private MapStore store;
  private MapPool pool;

  @BeforeEach
  void open() throws IOException {
    store = MapStore.open(directory, List.of("a"));
    pool = new MapPool(store);
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  @Test
  void usersShareAMap() throws IOException {
    try (MapPool.Use first = pool.create(1, OPTIONS);
        MapPool.Use second = pool.open(1)) {
      assertEquals(first.map(), second.map());
      assertEquals(first.map(), pool.with(1, map -> map));
      assertThrows(IllegalStateException.class, first::discard);
    }
  }

  @Test
  void whoPassesByOpensAMapThatNobodyUses() throws IOException {
    pool.create(1, OPTIONS).close();
    assertEquals(1, pool.with(1, VolumeMap::number));
    pool.delete(1);
    assertThrows(NoSuchFileException.class, () -> pool.with(1, VolumeMap::number));
  }

  @Test
  void deletionWaitsForThoseWhoPassBy() throws Exception {
    MapPool.Use use = pool.create(1, OPTIONS);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch mayLeave = new CountDownLatch(1);
    CompletableFuture<Void> passing =
        inBackground(
            () ->
                pool.with(
                    1,
                    map -> {
                      inside.countDown();
                      await(mayLeave);
                      return null;
                    }));
    await(inside);
    // Others come and go meanwhile.
    pool.open(1).close();
    CompletableFuture<Void> deletion =
        inBackground(
            () -> {
              use.discard();
              return null;
            });
    assertThrows(TimeoutException.class, () -> deletion.get(200, TimeUnit.MILLISECONDS));
    assertTrue(pool.exists(1));
    mayLeave.countDown();
    deletion.get(30, TimeUnit.SECONDS);
    passing.get(30, TimeUnit.SECONDS);
    assertFalse(pool.exists(1));
  }

  @FunctionalInterface
  private interface Work {
    Object run() throws IOException;
  }

  private static CompletableFuture<Void> inBackground(Work work) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(30, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
