package dev.firn.daemon;

import dev.firn.daemon.DaemonActions.None;
import dev.firn.map.ReclaimReport;
import dev.firn.region.Region;
import dev.firn.region.ScrubListener;
import dev.firn.region.Upkeep;
import dev.firn.server.Actions;
import dev.firn.server.Events;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The actions that keep a home in order. */
final class UpkeepActions {
  private static final Logger LOG = LoggerFactory.getLogger(UpkeepActions.class);

  private final Upkeep upkeep;

  UpkeepActions(Region region) {
    this.upkeep = region.upkeep();
  }

  record ReclaimParameters(boolean dryRun) {}

  /**
   * @param bytesPerSecondMax 0: no limit
   * @param restart not to continue one that was interrupted
   */
  record ScrubParameters(long bytesPerSecondMax, boolean restart) {}

  /**
   * What {@code ReadScrub} answers.
   *
   * @param interrupted what the next scrub would continue, or null
   */
  record ScrubStatus(Upkeep.InterruptedScrub interrupted) {}

  /**
   * @param headsOnly whether to leave out the file systems of snapshots
   */
  record CheckParameters(boolean headsOnly) {}

  void register(Actions actions) {
    actions
        .answer("Reclaim", ReclaimParameters.class, this::reclaim)
        .answer("ReadDiskUse", None.class, none -> upkeep.diskUse())
        .answer("ReadScrub", None.class, none -> new ScrubStatus(upkeep.interruptedScrub()))
        .work("Scrub", ScrubParameters.class, this::scrub)
        .work("Check", CheckParameters.class, this::check);
  }

  private ReclaimReport reclaim(ReclaimParameters parameters) throws IOException {
    return upkeep.reclaim(parameters.dryRun());
  }

  private Upkeep.ScrubResult scrub(ScrubParameters parameters, Events events) throws IOException {
    return upkeep.scrub(
        parameters.bytesPerSecondMax(), parameters.restart(), listener("Scrub", events));
  }

  private Map<String, Object> check(CheckParameters parameters, Events events) throws IOException {
    return Map.of("problems", upkeep.check(parameters.headsOnly(), listener("Check", events)));
  }

  private static ScrubListener listener(String action, Events events) {
    return new ScrubListener() {
      @Override
      public void progress(long doneBytes, long totalBytes) throws IOException {
        events.progress(doneBytes, totalBytes, "bytes");
      }

      @Override
      public void damaged(Damage damage) throws IOException {
        Map<String, Object> item = new LinkedHashMap<>();
        item.put("volume", damage.volume());
        item.put("snapshot", damage.snapshot());
        if (damage.path() != null) {
          SnapshotActions.putPath(item, "path", damage.path());
        }
        item.put("offset", damage.offset());
        item.put("lengthBytes", damage.lengthBytes());
        item.put("problem", damage.problem());
        LOG.error("{}: {}", action, item);
        events.item(item);
      }
    };
  }
}
