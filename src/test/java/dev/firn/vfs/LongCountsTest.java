package dev.firn.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.Seeds;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LongCountsTest {
  @Test
  void countsAsAMapDoes() {
    Random random = Seeds.random("LongCountsTest");
    LongCounts counts = new LongCounts();
    Map<Long, Long> model = new HashMap<>();
    for (int step = 0; step < 300_000; step++) {
      long number = 1 + random.nextInt(step < 150_000 ? 50_000 : 200);
      long change = random.nextInt(5) - 2;
      if (random.nextInt(3) == 0) {
        change = -model.getOrDefault(number, 0L);
      }
      long expected = Math.max(0, model.getOrDefault(number, 0L) + change);
      if (expected == 0) {
        model.remove(number);
      } else {
        model.put(number, expected);
      }
      assertEquals(expected, counts.add(number, change));
    }
    for (long number = 1; number <= 50_000; number++) {
      assertEquals(model.getOrDefault(number, 0L), counts.count(number));
      counts.add(number, -counts.count(number));
    }
    for (long number = 1; number <= 50_000; number++) {
      assertEquals(0, counts.count(number));
    }
  }
}
