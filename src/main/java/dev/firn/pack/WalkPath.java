package dev.firn.pack;

import dev.firn.base.FirnException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.Function;

/**
 * The directories on the way to the name that comes next, in a tree that is told in the order of a
 * walk: names of a directory ascend, so none comes twice. For one thread.
 */
final class WalkPath {
  private static final class OpenDirectory {
    final int ordinal;
    byte[] lastName = new byte[0];

    OpenDirectory(int ordinal) {
      this.ordinal = ordinal;
    }
  }

  private final Deque<OpenDirectory> open = new ArrayDeque<>();
  private final String what;
  private final Function<String, FirnException> invalid;

  /**
   * @param what the names are, for messages
   * @param invalid makes an error of what is wrong
   */
  WalkPath(String what, Function<String, FirnException> invalid) {
    this.what = what;
    this.invalid = invalid;
  }

  /** From now on names may come into this one, which has just come itself. */
  void open(int ordinal) {
    open.push(new OpenDirectory(ordinal));
  }

  /**
   * Closes directories until the one that a name comes into is the innermost.
   *
   * @param parent its ordinal, which may be any number
   * @return the same
   */
  int enter(long parent) {
    while (!open.isEmpty() && open.peek().ordinal != parent) {
      open.pop();
    }
    if (open.isEmpty()) {
      throw invalid.apply(what + " is in no open directory");
    }
    return open.peek().ordinal;
  }

  /** Takes a name into the innermost directory. */
  void take(byte[] name) {
    OpenDirectory directory = open.element();
    if (Arrays.compareUnsigned(name, directory.lastName) <= 0) {
      throw invalid.apply(what + " is there twice or out of order");
    }
    directory.lastName = name;
  }
}
