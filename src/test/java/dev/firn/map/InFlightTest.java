package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Bytes;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Those who hold places of records are waited for, and wait for nobody. */
@Timeout(60)
class InFlightTest {
  /** How long something must not happen. */
  private static final long WATCHED_MILLIS = 300;

  @TempDir Path directory;
  private final InFlight inFlight = new InFlight();

  @Test
  void withNobodyInsideThereIsNothingToWaitFor() {
    inFlight.awaitAll();
    inFlight.leave(inFlight.enter());
    inFlight.awaitAll();
    inFlight.awaitAll();
    assertTrue(inFlight.enter() >= 0);
  }

  @Test
  void whoHasEnteredIsWaitedFor() throws Exception {
    int mine = inFlight.enter();
    CompletableFuture<Void> waited = CompletableFuture.runAsync(inFlight::awaitAll);
    assertGoesOn(waited);
    inFlight.leave(mine);
    waited.get(30, TimeUnit.SECONDS);
  }

  @Test
  void whoEntersLaterIsNotWaitedForForGood() throws Exception {
    int first = inFlight.enter();
    CompletableFuture<Void> waited = CompletableFuture.runAsync(inFlight::awaitAll);
    for (int i = 0; i < 100_000 || !waited.isDone(); i++) {
      int later = inFlight.enter();
      if (i == 1000) {
        inFlight.leave(first);
      }
      inFlight.leave(later);
    }
    waited.get(30, TimeUnit.SECONDS);
  }

  /** The bytes are in the log, below where recovery would begin, before anything refers to them. */
  @Test
  void bytesThatWereStoredStayUntilTheyArePut() throws Exception {
    byte[] bytes = new byte[100_000];
    new Random(1).nextBytes(bytes);
    try (MapStore store = VolumeMapTest.openStore(directory)) {
      VolumeMap map = store.create(1, VolumeMapTest.LZ4);
      map.write(
          head -> {
            head.put(VolumeMapTest.key(1), ExtentRef.inline(Bytes.utf8("before")).encode(), null);
            return null;
          });
      CompletableFuture<ReclaimReport> reclaimed = new CompletableFuture<>();
      map.holdingPlaces(
          () -> {
            ExtentRef extent = map.store(List.of(new FileRun(ByteBuffer.wrap(bytes)))).get(0);
            reclaimInAnotherThread(store, map, reclaimed);
            assertGoesOn(reclaimed);
            return map.write(
                head -> {
                  head.put(VolumeMapTest.key(2), extent.encode(), null);
                  return null;
                });
          });
      reclaimed.get(30, TimeUnit.SECONDS);
      MapEntry entry = map.read(head -> head.get(VolumeMapTest.key(2)));
      assertArrayEquals(bytes, map.extentBytes(ExtentRef.decode(entry)));
    }
  }

  private static void reclaimInAnotherThread(
      MapStore store, VolumeMap map, CompletableFuture<ReclaimReport> done) {
    Thread thread =
        new Thread(
            () -> {
              try {
                done.complete(store.reclaim(OpenMaps.of(map), (key, at, length) -> true, false));
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private static void assertGoesOn(CompletableFuture<?> future) {
    assertThrows(
        TimeoutException.class,
        () -> {
          try {
            future.get(WATCHED_MILLIS, TimeUnit.MILLISECONDS);
          } catch (ExecutionException e) {
            throw new AssertionError(e.getCause());
          }
        });
  }
}
