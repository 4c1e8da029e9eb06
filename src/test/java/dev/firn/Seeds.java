package dev.firn;

import java.util.Random;

/** Seeds for random tests: printed, and taken again from the system property {@code firn.seed}. */
public final class Seeds {
  private Seeds() {}

  /** A generator whose seed the test's output names. */
  public static Random random(String test) {
    return new Random(seed(test));
  }

  /** A seed, which the test's output names. */
  public static long seed(String test) {
    String given = System.getProperty("firn.seed", "");
    long seed = given.isBlank() ? new Random().nextLong() : Long.parseLong(given);
    System.out.println(test + ": firn.seed=" + seed);
    return seed;
  }
}
