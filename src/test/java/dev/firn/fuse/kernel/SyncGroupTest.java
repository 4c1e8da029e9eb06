package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SyncGroupTest {
  private final SyncGroup syncs = new SyncGroup();

  private List<Long> next() {
    return syncs.next().stream().map(SyncGroup.Waiting::unique).toList();
  }

  @Test
  void whoComesFirstRuns() {
    assertFalse(syncs.join(null, 1));
    assertEquals(List.of(), next());
    assertFalse(syncs.join(null, 2));
  }

  @Test
  void thoseWhoComeMeanwhileShareTheNextOne() {
    assertFalse(syncs.join(null, 1));
    assertTrue(syncs.join(null, 2));
    assertTrue(syncs.join(null, 3));
    assertEquals(List.of(2L, 3L), next());
    assertTrue(syncs.join(null, 4));
    assertEquals(List.of(4L), next());
    assertEquals(List.of(), next());
    assertFalse(syncs.join(null, 5));
  }

  @Test
  void anEmptyGroupStaysEmptyWhoeverComesNext() {
    assertFalse(syncs.join(null, 1));
    List<SyncGroup.Waiting> nobody = syncs.next();
    assertFalse(syncs.join(null, 2));
    assertTrue(syncs.join(null, 3));
    assertEquals(List.of(), nobody);
    assertEquals(List.of(3L), next());
  }

  /**
   * Callers raise a number and sync; a sync takes the numbers of that moment to the disk. Whoever
   * is answered must find its number there, and nobody waits for good.
   */
  @Test
  void eachIsAnsweredByASyncThatBeganLater() throws Exception {
    int callers = 8;
    int rounds = 5_000;
    AtomicLong done = new AtomicLong();
    AtomicLong durable = new AtomicLong();
    ConcurrentHashMap<Long, CompletableFuture<Long>> answers = new ConcurrentHashMap<>();
    AtomicLong uniques = new AtomicLong();
    List<CompletableFuture<Void>> ended = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      CompletableFuture<Void> end = new CompletableFuture<>();
      ended.add(end);
      Thread thread =
          new Thread(
              () -> {
                try {
                  for (int round = 0; round < rounds; round++) {
                    long mine = done.incrementAndGet();
                    sync(mine, done, durable, answers, uniques.incrementAndGet());
                  }
                  end.complete(null);
                } catch (Throwable fault) {
                  end.completeExceptionally(fault);
                }
              },
              "sync-group-test-" + i);
      thread.setDaemon(true);
      thread.start();
    }
    for (CompletableFuture<Void> end : ended) {
      end.get(50, TimeUnit.SECONDS);
    }
    assertEquals((long) callers * rounds, durable.get());
    assertFalse(syncs.join(null, 0), "somebody still runs");
  }

  private void sync(
      long mine,
      AtomicLong done,
      AtomicLong durable,
      ConcurrentHashMap<Long, CompletableFuture<Long>> answers,
      long unique)
      throws Exception {
    CompletableFuture<Long> answer = new CompletableFuture<>();
    answers.put(unique, answer);
    if (syncs.join(null, unique)) {
      long covered = answer.get(30, TimeUnit.SECONDS);
      assertTrue(covered >= mine, covered + " < " + mine);
      return;
    }
    durable.set(done.get());
    for (List<SyncGroup.Waiting> group = syncs.next(); !group.isEmpty(); group = syncs.next()) {
      long covered = done.get();
      durable.set(covered);
      group.forEach(each -> answers.remove(each.unique()).complete(covered));
    }
  }
}
