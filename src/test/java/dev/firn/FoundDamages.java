package dev.firn;

import dev.firn.region.ScrubListener;
import java.util.ArrayList;
import java.util.List;

/** What a check or scrub finds. */
public final class FoundDamages implements ScrubListener {
  private final List<Damage> damages = new ArrayList<>();

  @Override
  public void progress(long doneBytes, long totalBytes) {}

  @Override
  public void damaged(Damage damage) {
    damages.add(damage);
  }

  /** In the order they were found. */
  public List<Damage> all() {
    return damages;
  }
}
