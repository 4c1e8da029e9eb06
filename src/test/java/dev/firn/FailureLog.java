package dev.firn;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Where tests log to: the last of it is printed when one fails, and no line otherwise, since most
 * are about faults that tests make. What logback needs is in logback-test.xml.
 */
public final class FailureLog extends OutputStreamAppender<ILoggingEvent> {
  private static final int EVENTS_MAX = 500;

  /** Guarded by itself. */
  private static final Deque<String> EVENTS = new ArrayDeque<>();

  /** Other programs in the tests' class path just print. */
  private static volatile boolean testing;

  /** Logback writes one event at a time. */
  private static final class Events extends OutputStream {
    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      if (!testing) {
        System.out.write(bytes, from, length);
        return;
      }
      byte[] event = Arrays.copyOfRange(bytes, from, from + length);
      synchronized (EVENTS) {
        EVENTS.add(new String(event, StandardCharsets.UTF_8));
        if (EVENTS.size() > EVENTS_MAX) {
          EVENTS.remove();
        }
      }
    }
  }

  @Override
  public void start() {
    setOutputStream(new Events());
    super.start();
  }

  /** Found by JUnit through META-INF/services. */
  public static final class Listener implements TestExecutionListener {
    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
      testing = true;
    }

    /** What is logged before the first test of a class counts as that test's. */
    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      boolean failed = result.getStatus() == TestExecutionResult.Status.FAILED;
      if (!failed && !test.isTest()) {
        return;
      }
      synchronized (EVENTS) {
        if (failed && !EVENTS.isEmpty()) {
          System.out.println("Log of " + test.getDisplayName() + ", which failed:");
          EVENTS.forEach(System.out::print);
        }
        EVENTS.clear();
      }
    }
  }
}
