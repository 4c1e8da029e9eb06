package dev.firn.map;

import java.util.List;

/**
 * Who holds how much of the disk.
 *
 * @param sets for each set of roots that was asked about
 * @param freedBytes what the disk gets back when all of these sets go
 * @param liveBytes what is reached from any root of the home
 */
public record SpaceReport(List<SpaceUse> sets, long freedBytes, long liveBytes) {}
