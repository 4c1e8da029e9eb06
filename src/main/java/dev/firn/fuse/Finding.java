package dev.firn.fuse;

/**
 * One thing that {@link MachineCheck} looked at.
 *
 * @param name what it is, in a word or two
 * @param verdict what it means for Firn
 * @param found how it is here
 * @param advice what can be done about it; empty when nothing need be
 */
public record Finding(String name, Verdict verdict, String found, String advice) {
  /** From good to bad. */
  public enum Verdict {
    OK,
    /** Works, and could be better. */
    NOTE,
    /** Firn cannot mount here as it is. */
    PROBLEM
  }

  static Finding ok(String name, String found) {
    return new Finding(name, Verdict.OK, found, "");
  }

  static Finding note(String name, String found, String advice) {
    return new Finding(name, Verdict.NOTE, found, advice);
  }

  static Finding problem(String name, String found, String advice) {
    return new Finding(name, Verdict.PROBLEM, found, advice);
  }
}
