package dev.firn.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.Sizes;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {
  /** Percentage, how much of how much, time gone and time left; the rate is told after a second. */
  private static final String LINE =
      "(?s).*Copying +%d%% \\[=* *\\] +%d/%d MiB \\(0:00:[0-9]{2} / 0:[0-9]{2}:[0-9]{2}\\) %s MiB/s.*";

  private static final String ANY_RATE = "(\\?|[0-9.]+)";
  private static final String RATE = "[0-9.]+";
  private static final long TIMEOUT_SECONDS = 20;

  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private final PrintStream terminal = new PrintStream(shown, true, StandardCharsets.UTF_8);

  private String text() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  private static void tell(ProgressDisplay display, long doneMib, long totalMib) {
    display.progress(doneMib * Sizes.MIB, totalMib < 0 ? totalMib : totalMib * Sizes.MIB, "bytes");
  }

  private boolean shows(int percent, long doneMib, long totalMib, String rate) {
    return text().matches(String.format(LINE, percent, doneMib, totalMib, rate));
  }

  @Test
  void aKnownTotalGivesPercentageRateAndTimeLeft() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    try (ProgressDisplay display = new ProgressDisplay("Copying", terminal)) {
      for (long more = 0; !shows(25, 10, 40, RATE); more++) {
        assertTrue(System.nanoTime() - deadline < 0, text());
        display.progress(10 * Sizes.MIB + more, 40 * Sizes.MIB, "bytes");
        Thread.sleep(20);
      }
    }
  }

  @Test
  void aTotalMayBecomeKnown() {
    try (ProgressDisplay display = new ProgressDisplay("Copying", terminal)) {
      tell(display, 0, -1);
      tell(display, 10, 40);
      display.finish();
    }
    assertTrue(shows(100, 40, 40, ANY_RATE), text());
  }

  @Test
  void anUnknownTotalIsNotMadeUp() {
    try (ProgressDisplay display = new ProgressDisplay("Copying", terminal)) {
      tell(display, 10, -1);
      display.finish();
    }
    assertTrue(text().contains("10/? MiB"), text());
    assertFalse(text().contains("100%"), text());
  }

  @Test
  void anotherStepBeginsAnew() {
    try (ProgressDisplay display = new ProgressDisplay("Copying", terminal)) {
      tell(display, 40, 40);
      tell(display, 20, 80);
    }
    assertTrue(shows(25, 20, 80, ANY_RATE), text());
  }

  @Test
  void whereThereIsNoTerminalThereIsNothing() {
    try (ProgressDisplay display = new ProgressDisplay("Copying", null)) {
      assertFalse(display.isShown());
      tell(display, 10, 40);
      display.finish();
    }
    assertEquals("", text());
  }
}
