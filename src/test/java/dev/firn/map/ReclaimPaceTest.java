package dev.firn.map;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReclaimPaceTest {
  private final List<Long> pauses = new ArrayList<>();
  private long work;
  private boolean urgent;
  private final ReclaimPace pace = new ReclaimPace(() -> work, () -> urgent, pauses::add);

  @Test
  void leavesMostOfTheTimeToThoseWhoWork() throws IOException {
    work++;
    pace.stepTook(1_000);
    work += 5;
    pace.stepTook(2_000);
    long others = ReclaimPace.SHARE - 1;
    assertEquals(List.of(1_000 * others, 2_000 * others), pauses);
  }

  @Test
  void goesOnWhenNobodyWorks() throws IOException {
    pace.stepTook(1_000);
    work++;
    pace.stepTook(1_000);
    pace.stepTook(1_000);
    assertEquals(1, pauses.size());
  }

  @Test
  void goesOnWhenSpaceIsShort() throws IOException {
    work++;
    urgent = true;
    pace.stepTook(1_000);
    assertEquals(List.of(), pauses);
    urgent = false;
    pace.stepTook(1_000);
    assertEquals(1, pauses.size());
  }

  @Test
  void aLongStepIsFollowedByABoundedPause() throws IOException {
    work++;
    pace.stepTook(60_000_000_000L);
    assertEquals(List.of(ReclaimPace.PAUSE_NANOS_MAX), pauses);
  }
}
