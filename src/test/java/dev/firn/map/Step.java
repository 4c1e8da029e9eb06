package dev.firn.map;

/**
 * One operation with all that it needs, so that a list of steps repeats itself exactly.
 *
 * @param choice the key, or which snapshot, or after how many calls a fault happens
 * @param number what determines a record's bytes, a fault's detail, or what survives a power cut
 */
record Step(Operation operation, int choice, int number) {
  static Step of(Operation operation) {
    return new Step(operation, 0, 0);
  }

  @Override
  public String toString() {
    return operation + "(" + choice + ", " + number + ")";
  }
}
