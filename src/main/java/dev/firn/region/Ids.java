package dev.firn.region;

import dev.firn.snapshot.Snapshot;
import java.security.SecureRandom;
import java.util.function.Predicate;

/** Makes ids in the form of the API that Firn follows: a word and eight hexadecimal digits. */
final class Ids {
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A random id that {@code isFree}. */
  static String fresh(String prefix, Predicate<String> isFree) {
    while (true) {
      String id = String.format("%s-%08x", prefix, RANDOM.nextInt());
      if (!id.equals(Snapshot.NO_VOLUME_ID) && isFree.test(id)) {
        return id;
      }
    }
  }
}
