package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class BusyWaitTest {
  private static final long FAR_APART_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(30);

  @Test
  void itIsAwakeWhileRequestsFollowEachOtherAndSleepsAfterwards() {
    BusyWait wait = new BusyWait(true);
    wait.start();
    wait.start();
    assertTrue(wait.isSleeping());
    for (int round = 0; round < 3; round++) {
      long start = System.nanoTime();
      while (wait.isSleeping()) {
        assertTrue(System.nanoTime() - start < LIMIT_NANOS, "it never wakes");
        wait.served();
      }
      start = System.nanoTime();
      while (!wait.isSleeping()) {
        assertTrue(System.nanoTime() - start < LIMIT_NANOS, "it never sleeps");
        LockSupport.parkNanos(FAR_APART_NANOS);
      }
    }
  }

  @Test
  void requestsFarApartDoNotWakeIt() {
    BusyWait wait = new BusyWait(true);
    wait.start();
    for (int i = 0; i < 50; i++) {
      wait.served();
      long start = System.nanoTime();
      while (System.nanoTime() - start < FAR_APART_NANOS) {
        LockSupport.parkNanos(FAR_APART_NANOS);
      }
      assertTrue(wait.isSleeping());
    }
  }

  @Test
  void whereItIsNotWantedNothingRuns() {
    BusyWait wait = new BusyWait(false);
    wait.start();
    for (int i = 0; i < 1000; i++) {
      wait.served();
    }
    assertFalse(wait.isSleeping());
  }
}
