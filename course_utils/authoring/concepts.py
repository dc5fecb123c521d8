"""Questions for before and after the course, in plain words, that no lab asks.

They come in pairs: two stories with the same idea behind them. ``syllabus.toml`` says
which idea, and which of the two belongs to which test.
"""

from course_utils.exercises.questions import choice, number

# Before the course ----------------------------------------------------------------

none_before = choice(
    "concepts.none_before",
    "A machine knows three words: *cat*, *dog* and *horse*. For each picture it has to "
    "share out exactly 100% among the three. Somebody shows it a picture of a chair. "
    "What does it answer?",
    right="b",
    because="It has to share out 100%, whatever it sees. Nothing has taught it to "
    "hesitate when it meets something else, so it may sound quite sure.",
    a=(
        "0% for each of the three.",
        "The three numbers have to sum to 100%. It has no way to say *none*.",
    ),
    b="That cannot be said: perhaps 98% for *dog*.",
    c=(
        "About 33% for each of the three.",
        "That is one way to share out 100%. But nothing makes the machine choose it.",
    ),
)

forecasts_before = choice(
    "concepts.forecasts_before",
    "Two people said before two matches how probable each result was. To what then "
    "happened A had given 80% and 20%, and B had given 50% both times. The matches "
    "have nothing to do with each other. Who had given the larger probability to both "
    "results together?",
    right="c",
    because="Probabilities of both together are multiplied: 0.5 * 0.5 = 0.25, and 0.8 "
    "* 0.2 = 0.16. Being sure and wrong costs more than being sure and right brings.",
    a=(
        "A, who was nearly right about the first match.",
        "The 20% for the second match cost more than the 80% for the first one bring.",
    ),
    b=(
        "Both the same, since their means are the same.",
        "The mean is 50% for both. But the question is about both results together.",
    ),
    c="B.",
)

by_heart_before = choice(
    "concepts.by_heart_before",
    "A pupil has learned the answers to 50 old exam questions by heart, and answers "
    "all 50 rightly. How many of 50 *new* questions will this pupil answer rightly?",
    right="a",
    because="For these 50 memory is enough, and whoever has understood the subject "
    "answers them as well. To tell one from the other one needs questions that were "
    "not learned from.",
    a="The old questions cannot tell.",
    b=(
        "Nearly all of them.",
        "That all old answers are right shows a good memory, and it may be no more.",
    ),
    c=(
        "Hardly any of them.",
        "Perhaps the pupil understood something while learning. Nobody knows so far.",
    ),
)

counting_before = choice(
    "concepts.counting_before",
    "361 apples have been weighed. Those above a limit go into the good box. Somebody "
    "counts how many apples are in the wrong box, moves the limit by a thousandth of a "
    "gram, and counts again. What does the second count say?",
    right="c",
    because="The count changes only when the limit passes the weight of an apple. In "
    "between it is level, so it does not say in which direction to move the limit.",
    a=(
        "A few less, if the limit was moved in the right direction.",
        "So small a move passes no apple at all, nearly always.",
    ),
    b=(
        "A few more or a few less, at random.",
        "There is no chance in it: the same apples, and nearly the same limit.",
    ),
    c="Nearly always the same.",
)

hollow_before = choice(
    "concepts.hollow_before",
    "You stand on a wide, hilly field in thick fog and want to get down. You feel in "
    "which direction the ground falls most, make a small step there, and so on, until "
    "it falls in no direction. Where are you then?",
    right="a",
    because="Each step knows the ground below your feet, and no more. Whether there is "
    "a lower place behind the next hill, nobody in the fog can tell.",
    a="In a hollow, perhaps not in the lowest one.",
    b=(
        "At the lowest place of the whole field.",
        "If there is a single hollow. Otherwise a lower one may lie behind a hill.",
    ),
    c=(
        "Somewhere halfway down.",
        "There the ground still falls in some direction, so you would go on.",
    ),
)

gears_before = number(
    "concepts.gears_before",
    "When flour gets dearer by 1 euro, a bread gets dearer by 0.40 euros and a cake by "
    "0.50 euros. A breakfast is two breads and one cake. By how many euros does the "
    "breakfast get dearer?",
    right=1.3,
    because="Two ways lead from the flour to the breakfast. Along each of them one "
    "multiplies, 2 * 0.40 and 1 * 0.50, and the ways are added.",
    wrong={
        0.9: "That is one bread and one cake. There are two breads.",
        0.8: "That is the way by the bread alone. There is a cake as well.",
        0.2: "Along one way one multiplies; two different ways are added.",
        2.7: "That is three breads and three cakes.",
    },
    otherwise="First by the two breads, then by the cake; then add.",
    tolerance=0.01,
)

poll_before = number(
    "concepts.poll_before",
    "In a town 100 people, drawn at random, are asked for a yes or a no. The result of "
    "such a poll is typically off by 5 percentage points. How many people does one "
    "have to ask so that it is typically off by half as much?",
    right=400,
    because="What is wrong with single answers cancels in part, but slowly: four times "
    "the people for half the error, a hundred times the people for a tenth of it.",
    wrong={
        200: "With twice as many people the error is smaller by less than a third.",
        150: "Half as many more hardly make it more exact. Try four times as many.",
        1000: "That is more than is needed: with these it is off by 1.6 points.",
        10000: "With a hundred times as many people it is off by a tenth as much.",
    },
    otherwise="The error falls like one over the square root of the number of people.",
    tolerance=5,
)

best_before = number(
    "concepts.best_before",
    "50 people guess 100 tosses of a coin, and none of them can see into the future. "
    "The best of them has 61 right. How many of the *next* 100 tosses does this person "
    "get right, on average?",
    right=50,
    because="The person was chosen for luck, and luck does not stay. Whatever was "
    "chosen as the best of many looks better than it is.",
    wrong={
        61: "The best of 50 who guess has about 61 by luck. That does not come again.",
        55: "Half of the luck does not stay either: the coin knows nothing of it.",
        39: "Luck need not be paid back. The coin does not remember.",
    },
    otherwise="Each toss is guessed rightly with one half, as before.",
    tolerance=1,
)

alarms_before = choice(
    "concepts.alarms_before",
    "One person in 100 has an illness. A test finds it in nine of ten who have it. Of "
    "those who are well, one in 20 gets a false alarm. Somebody is tested, and there "
    "is an alarm. How probable is the illness?",
    right="a",
    because="Of 1,000 people 10 are ill, and 9 of them get an alarm. Of the 990 others "
    "about 50 do. So 9 of 59 alarms are right: where something is rare, most alarms "
    "can be false.",
    a="About 15%.",
    b=(
        "About 50%.",
        "It is an alarm or none, but the two are not equally probable: count in 1,000.",
    ),
    c=(
        "About 90%.",
        "That is the share of the *ill* who get an alarm. The question is about the "
        "alarms.",
    ),
    d=(
        "About 95%.",
        "That is the share of the *well* who get no alarm. The question is about the "
        "alarms.",
    ),
)

# After the course -----------------------------------------------------------------

none_after = choice(
    "concepts.none_after",
    "A machine sorts fruit into three boxes: apples, pears and plums. With each fruit "
    "it prints three percentages that sum to 100. By mistake a tennis ball comes "
    "along. What does it print?",
    right="c",
    because="The three have to sum to 100, whatever comes, and nothing has taught it "
    "to hesitate. A large percentage says *rather this than the other two*, and no "
    "more.",
    a=(
        "Three small numbers, because it is no fruit.",
        "They sum to 100, so they cannot all be small.",
    ),
    b=(
        "About 33, 33 and 33, because it has never seen one.",
        "So it would be if the machine knew what it does not know. Nothing asks that "
        "of it.",
    ),
    c="That cannot be said: perhaps 95 for apples.",
)

promise_after = number(
    "concepts.promise_after",
    "A weather service says 30% rain for each of 200 days, and what it says can be "
    "believed. On how many of these days does it rain, about?",
    right=60,
    because="A probability is a promise about many cases: of 200 days 30% are 60. So "
    "one can count whether it was kept.",
    wrong={
        0: "30% is less than one half, but it is not *no rain*.",
        30: "That is 30% of 100 days. Here there are 200.",
        100: "That would be half of the days. The service says less.",
        140: "That is the number of dry days.",
    },
    otherwise="Take 30% of 200.",
    tolerance=3,
)

forecasts_after = choice(
    "concepts.forecasts_after",
    "A quiz has three questions. To the answers that were right A had given 95%, 80% "
    "and 5%, and B had given 60% each time. The questions have nothing to do with each "
    "other. Who had given the larger probability to all three right answers together?",
    right="a",
    because="Multiply: 0.6 * 0.6 * 0.6 = 0.216, and 0.95 * 0.8 * 0.05 = 0.038. One "
    "answer that is sure and wrong costs more than two that are sure and right bring.",
    a="B.",
    b=(
        "A, who was nearly certain twice.",
        "Twice nearly 1 is no gain that could make up for a factor of 0.05.",
    ),
    c=(
        "Both the same: their means are 60%.",
        "For all three together one multiplies, and a product is hurt by one small "
        "factor.",
    ),
)

rare_after = choice(
    "concepts.rare_after",
    "Two of 1,000 bags at an airport hold something forbidden. A program says of each "
    "bag whether it does, and is right with 998 of the 1,000. What does that say about "
    "the program?",
    right="b",
    because="A program that never finds anything is right with 998 as well. A share of "
    "right answers says something only beside that of the laziest answer.",
    a=(
        "That it is very good.",
        "Compare it with a program that calls every bag harmless: how often is that "
        "one right?",
    ),
    b="Nothing so far.",
    c=(
        "That it has missed both forbidden bags.",
        "Perhaps. Or it has found both, and raised two false alarms.",
    ),
)

by_heart_after = choice(
    "concepts.by_heart_after",
    "A program has been shown 1,000 letters with their postal codes, again and again, "
    "until it read all of these codes rightly. How well does it read the letters of "
    "tomorrow?",
    right="a",
    because="Reading these 1,000 needs nothing but memory. One needs letters that it "
    "has not learned from, and has to keep some back for that.",
    a="These 1,000 letters cannot tell.",
    b=(
        "About as well: all right, or nearly.",
        "It has seen these 1,000 with their answers. Tomorrow's come without.",
    ),
    c=(
        "Badly: it must have learned these by heart.",
        "It may have, or it may have learned to read. To know, one has to try others.",
    ),
)

counting_after = choice(
    "concepts.counting_after",
    "Each of 300 customers would pay up to some price of his own for an umbrella. A "
    "shop counts how many would buy at its price. Then it raises the price by a "
    "thousandth of a cent and counts again. What does it find?",
    right="a",
    because="The count changes only when the price passes somebody's limit. In between "
    "it is level, and does not say in which direction the price should go.",
    a="Nearly always the same number.",
    b=(
        "A little less, since a higher price always costs customers.",
        "A count moves in whole customers, and so small a step passes nobody's limit.",
    ),
    c=(
        "A little less or more, and the difference shows where the best price lies.",
        "A difference of 0, nearly always, shows no direction.",
    ),
)

hollow_after = choice(
    "concepts.hollow_after",
    "A radio hisses. You turn its three knobs, each by very little, and always so that "
    "it hisses less, until no small turn helps any more. What do you know?",
    right="c",
    because="Small turns look at settings close by, and no more. A better one may lie "
    "far away, behind settings that are worse.",
    a=(
        "This is the best of all settings.",
        "It is the best of those close by. Others have not been tried.",
    ),
    b=(
        "With more small turns it would hiss less still.",
        "No small turn helps any more, so this search has come to its end.",
    ),
    c="No setting close to this one is better.",
)

middle_after = choice(
    "concepts.middle_after",
    "Three taxi firms: A takes 3 euros a kilometre. B takes 4 euros, and 2 more a "
    "kilometre. C takes 12 euros, and 1 more a kilometre. For which ways is B the "
    "cheapest?",
    right="c",
    because="A is cheaper than B up to 4 km, C from 8 km on. Of three straight lines "
    "the one in the middle can win in one stretch, and only in one.",
    a=(
        "For none: A is cheap on short ways, and C on long ones.",
        "Try 6 km: A takes 18, B 16, C 18.",
    ),
    b=(
        "For all ways of more than 4 km.",
        "There B is cheaper than A. But at some length C becomes cheaper than B.",
    ),
    c="For ways between 4 and 8 km.",
)

gears_after = number(
    "concepts.gears_after",
    "When a motor makes 1 turn more a minute, pump A gives 3 litres more a minute and "
    "pump B gives 2 more. Each litre of A fills 2 bottles, each litre of B fills 4. "
    "How many more bottles a minute are filled?",
    right=14,
    because="Two ways lead from the motor to the bottles. Along each of them one "
    "multiplies, 3 * 2 and 2 * 4, and the ways are added.",
    wrong={
        6: "That is the way by pump A alone.",
        8: "That is the way by pump B alone.",
        11: "Along one way one multiplies, and does not add.",
        30: "Each pump has bottles of its own: two ways, each by itself.",
        48: "The two ways are added, not multiplied.",
    },
    otherwise="First by pump A, then by pump B; then add.",
    tolerance=0.1,
)

poll_after = number(
    "concepts.poll_after",
    "A hall is measured again and again, and each measurement is off by chance. The "
    "mean of 4 measurements is typically off by 6 cm. Of how many does one have to "
    "take the mean so that it is typically off by 2 cm?",
    right=36,
    because="A third of the error needs nine times the measurements: the error of a "
    "mean falls with the square root of their number.",
    wrong={
        12: "Three times as many make the error smaller by a factor of 1.7 only.",
        8: "Twice as many make the error smaller by a factor of 1.4 only.",
        16: "Four times as many make half of the error, 3 cm.",
        24: "Six times as many make 2.4 cm.",
    },
    otherwise="The error falls like one over the square root of the number.",
    tolerance=0.5,
)

best_after = choice(
    "concepts.best_after",
    "200 advisers choose shares by drawing lots. Somebody takes the one who beat the "
    "market in 9 of the last 10 years. In how many of the next 10 years will this "
    "adviser beat it? (Who draws lots beats it every other year, on average.)",
    right="b",
    because="Of 200 who draw lots some have 9 good years by luck. That one was chosen "
    "for the luck, and it does not stay.",
    a=(
        "In about 9, as before.",
        "The 9 are luck, the largest among 200. Next year the lots are drawn anew.",
    ),
    b="In about 5.",
    c=(
        "In about 1, because luck evens out.",
        "Lots do not remember. The next years are like those of anybody else.",
    ),
)

alarms_after = choice(
    "concepts.alarms_after",
    "One parcel in 200 is damaged. A camera finds all of these, and raises a false "
    "alarm for 2 in 100 of the others. It raises an alarm. How probable is it that "
    "this parcel is damaged?",
    right="b",
    because="Of 1,000 parcels 5 are damaged, and all 5 raise an alarm. Of the 995 "
    "others about 20 do. So 5 of 25 alarms are right.",
    a=(
        "About 2%.",
        "That is the share of the *whole* parcels that raise an alarm.",
    ),
    b="About 20%.",
    c=(
        "About 98%.",
        "That is the share of the *whole* parcels without an alarm. Here there is one.",
    ),
    d=(
        "100%, since it finds all that are damaged.",
        "All damaged ones raise an alarm. Others do so as well, and there are many "
        "more of them.",
    ),
)
