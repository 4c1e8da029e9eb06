package dev.firn.region;

/**
 * What the API calls the type of a volume. All volumes are the same here: what was asked for is
 * kept and told again.
 *
 * @param type {@code standard}, {@code gp2} or {@code io1}
 * @param iops only of {@code io1}, else null
 */
public record VolumeOffer(String type, Integer iops) {
  public static final VolumeOffer STANDARD = new VolumeOffer("standard", null);
}
