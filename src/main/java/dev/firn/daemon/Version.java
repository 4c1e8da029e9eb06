package dev.firn.daemon;

/** Which Firn this is. */
public final class Version {
  private Version() {}

  /** The version in the jar's manifest; {@code development} outside of a jar. */
  public static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
