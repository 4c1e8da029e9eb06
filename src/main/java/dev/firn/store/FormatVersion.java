package dev.firn.store;

/**
 * The version of what is written: native-notes/format.md. Every older one is read, and becomes this
 * one with the next checkpoint; a newer one is refused.
 */
final class FormatVersion {
  static final int CURRENT = 3;

  private FormatVersion() {}
}
