package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WatchTest {
  private final Watch watch = new Watch(2);

  private CompletableFuture<Boolean> parkAnother() {
    return CompletableFuture.supplyAsync(watch::awaitTurn, task -> start(task));
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "watch-test");
    thread.setDaemon(true);
    thread.start();
  }

  private static boolean get(CompletableFuture<Boolean> turn) throws Exception {
    return turn.get(30, TimeUnit.SECONDS);
  }

  @Test
  void theFirstReaderWatchesAtOnce() {
    assertTrue(watch.awaitTurn());
  }

  @Test
  void theOnlyReaderCanNeitherHandOverNorRetire() {
    assertTrue(watch.awaitTurn());
    assertFalse(watch.handOver());
    assertFalse(watch.retire());
  }

  @Test
  void whoComesBackWatchesIfTheOnlyWatcherWantedToHandOver() {
    assertTrue(watch.awaitTurn());
    assertFalse(watch.handOver());
    assertTrue(watch.awaitTurn());
    assertTrue(watch.retire());
  }

  @Test
  void aParkedReaderTakesOver() throws Exception {
    assertTrue(watch.awaitTurn());
    CompletableFuture<Boolean> other = parkAnother();
    handOverOnceParked();
    assertTrue(get(other));
    assertFalse(watch.retire());
  }

  @Test
  void aReinforcementRetires() throws Exception {
    assertTrue(watch.awaitTurn());
    CompletableFuture<Boolean> other = parkAnother();
    while (!other.isDone()) {
      watch.reinforce();
      Thread.onSpinWait();
    }
    assertTrue(get(other));
    assertTrue(watch.retire());
    assertFalse(watch.retire());
  }

  @Test
  void aBacklogMakesNoMoreWatchersThanThereMayBe() throws Exception {
    assertTrue(watch.awaitTurn());
    List<CompletableFuture<Boolean>> others = List.of(parkAnother(), parkAnother());
    while (others.stream().noneMatch(CompletableFuture::isDone)) {
      watch.reinforce();
      Thread.onSpinWait();
    }
    watch.reinforce();
    assertTrue(watch.retire());
    assertFalse(watch.retire());
    watch.end();
  }

  @Test
  void someoneElseWatchesWhenAWatcherIsNoMore() throws Exception {
    assertTrue(watch.awaitTurn());
    CompletableFuture<Boolean> other = parkAnother();
    watch.leave();
    assertTrue(get(other));
    assertFalse(watch.retire());
  }

  @Test
  void theEndWakesAllAndLetsNobodyWatch() throws Exception {
    assertTrue(watch.awaitTurn());
    List<CompletableFuture<Boolean>> others = List.of(parkAnother(), parkAnother());
    watch.end();
    for (CompletableFuture<Boolean> other : others) {
      assertFalse(get(other));
    }
    assertFalse(watch.awaitTurn());
  }

  /** Readers that take numbered requests; some of these wait for the next one to be served. */
  @Test
  void aRequestThatWaitsForTheNextIsAlwaysServed() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    int requests = 20_000;
    AtomicLong next = new AtomicLong();
    AtomicLong served = new AtomicLong();
    AtomicInteger asleep = new AtomicInteger();
    int readers = 4;
    List<CompletableFuture<Void>> ended = new ArrayList<>();
    for (int i = 0; i < readers; i++) {
      SplittableRandom random = new SplittableRandom(seed + i);
      CompletableFuture<Void> end = new CompletableFuture<>();
      ended.add(end);
      start(
          () -> {
            try {
              read(next, served, asleep, requests, random);
              end.complete(null);
            } catch (Throwable fault) {
              end.completeExceptionally(fault);
            }
          });
    }
    for (CompletableFuture<Void> end : ended) {
      end.get(50, TimeUnit.SECONDS);
    }
    assertEquals(requests, served.get());
    assertEquals(0, asleep.get());
  }

  private void read(
      AtomicLong next,
      AtomicLong served,
      AtomicInteger asleep,
      int requests,
      SplittableRandom random) {
    while (watch.awaitTurn()) {
      boolean watching = true;
      while (watching) {
        long request = next.getAndIncrement();
        if (request >= requests) {
          watch.end();
          return;
        }
        if (random.nextInt(4) == 0 && request < requests - 1 && watch.handOver()) {
          watching = false;
          asleep.incrementAndGet();
          // Others go on as long as this one waits.
          while (next.get() <= request + 1) {
            Thread.onSpinWait();
          }
          asleep.decrementAndGet();
        } else if (random.nextInt(8) == 0) {
          watch.reinforce();
        } else if (random.nextInt(8) == 0 && watch.retire()) {
          watching = false;
        }
        served.incrementAndGet();
      }
    }
  }

  private void handOverOnceParked() {
    while (!watch.handOver()) {
      // The other is on its way; what was wanted meanwhile is its turn, too.
      if (watch.retire()) {
        return;
      }
      Thread.onSpinWait();
    }
  }
}
