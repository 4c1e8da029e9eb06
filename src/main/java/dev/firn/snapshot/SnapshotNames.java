package dev.firn.snapshot;

import dev.firn.base.FirnException;
import java.util.regex.Pattern;

/** Which names snapshots may have: those that no reference like {@code V@last} can be taken for. */
public final class SnapshotNames {
  public static final int NAME_CHARACTERS_MAX = 128;

  /** The newest snapshot of a volume, as in {@code VOLUME@last}. */
  public static final String LAST = "last";

  private static final Pattern ID = Pattern.compile("(vol|snap)-[0-9a-f]{8}");

  private SnapshotNames() {}

  /** Whether it has the form of a volume's or snapshot's id. */
  public static boolean looksLikeId(String text) {
    return ID.matcher(text).matches();
  }

  /**
   * Lets good names pass.
   *
   * @throws FirnException of kind USAGE that says what is wrong
   */
  public static void check(String name) {
    String problem = problemOf(name);
    if (problem != null) {
      throw FirnException.usage("snapshot name '%s' %s: choose another", printable(name), problem);
    }
  }

  /** {@code text} fit for a one-line message. */
  public static String printable(String text) {
    String line = text.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= 2 * NAME_CHARACTERS_MAX
        ? line
        : line.substring(0, NAME_CHARACTERS_MAX) + "…";
  }

  private static String problemOf(String name) {
    if (name.isEmpty()) {
      return "is empty";
    }
    if (name.codePointCount(0, name.length()) > NAME_CHARACTERS_MAX
        || name.getBytes(java.nio.charset.StandardCharsets.UTF_8).length > 255) {
      return "is longer than " + NAME_CHARACTERS_MAX + " characters or 255 bytes";
    }
    if (name.startsWith("-") || name.startsWith(".")) {
      return "starts with '" + name.charAt(0) + "'";
    }
    if (name.indexOf('/') >= 0 || name.indexOf('@') >= 0) {
      return "has a '/' or '@' in it";
    }
    if (!name.equals(name.strip())) {
      return "starts or ends with a space";
    }
    boolean odd =
        name.codePoints()
            .anyMatch(
                c ->
                    Character.isISOControl(c)
                        || Character.getType(c) == Character.SURROGATE
                        || Character.getType(c) == Character.LINE_SEPARATOR
                        || Character.getType(c) == Character.PARAGRAPH_SEPARATOR);
    if (odd) {
      return "has a control character in it";
    }
    if (name.equals(LAST)) {
      return "stands for the newest snapshot";
    }
    return looksLikeId(name) ? "looks like an id" : null;
  }
}
